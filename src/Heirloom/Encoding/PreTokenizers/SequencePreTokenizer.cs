using System.Text.Json.Serialization;
using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding.PreTokenizers;

/// <summary>Pre-tokenizers one after another, each splitting the pieces of the one before.</summary>
[Stage("Sequence")]
public sealed record SequencePreTokenizer : IPreTokenizer
{
    [JsonPropertyName("pretokenizers")]
    public required IReadOnlyList<IPreTokenizer> PreTokenizers { get; init; }

    [JsonIgnore]
    public bool NeedsPlaces => PreTokenizers.Any(p => p.NeedsPlaces);

    public bool YieldsBytes() => PreTokenizers.Count > 0 && PreTokenizers[^1].YieldsBytes();

    public void Check(TokenizerDefinition definition)
    {
        if (PreTokenizers.Any(p => p is null))
        {
            throw new UserError("a stage of the sequence is missing", "pre_tokenizer.pretokenizers");
        }

        foreach (var stage in PreTokenizers)
        {
            stage.Check(definition);
        }
    }

    public void Split(ReadOnlySpan<char> text, IPieceSink pieces, bool first = true)
    {
        if (PreTokenizers.Count == 0)
        {
            pieces.Add(text, first);
            return;
        }

        var sink = pieces;
        for (var i = PreTokenizers.Count - 1; i > 0; i--)
        {
            sink = new Next(PreTokenizers[i], sink, PreTokenizers[i - 1].YieldsBytes());
        }

        PreTokenizers[0].Split(text, sink, first);
    }

    public IEnumerable<AlignedText> Split(AlignedText text)
    {
        IEnumerable<AlignedText> pieces = [text];
        for (var i = 0; i < PreTokenizers.Count; i++)
        {
            // eagerly, one stage after another: a piece is rewritten in place by the stage that gets it
            var (stage, bytes) = (PreTokenizers[i], i + 1 < PreTokenizers.Count && PreTokenizers[i].YieldsBytes());
            pieces = [.. pieces.SelectMany(piece => stage.Split(piece))];
            if (bytes)
            {
                pieces = [.. pieces.Select(ByteAlphabet.Spell)];
            }
        }

        return pieces;
    }

    /// <summary>Hands pieces to the next stage, spelled out in bytes where the stage before asks for it.</summary>
    private sealed class Next(IPreTokenizer stage, IPieceSink pieces, bool spell) : IPieceSink
    {
        public void Add(ReadOnlySpan<char> piece) => Add(piece, first: false);

        public void Add(ReadOnlySpan<char> piece, bool first)
        {
            if (!piece.IsEmpty)
            {
                stage.Split(spell ? ByteAlphabet.Spell(piece) : piece, pieces, first);
            }
        }
    }
}
