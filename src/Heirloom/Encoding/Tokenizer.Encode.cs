using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding;

/// <summary>The way to ids alone, which keeps no places and allocates nothing for words that were seen before.</summary>
public partial class Tokenizer
{
    public int[] Encode(string text, bool special = false)
    {
        var ids = new List<int>(text.Length / 4 + 8);
        Encode(text, ids, special);
        return [.. ids];
    }

    /// <summary>Appends the ids of a text.</summary>
    public void Encode(ReadOnlySpan<char> text, List<int> ids, bool special = false)
    {
        if (_limited || _needsPlaces)
        {
            ids.AddRange(Tokenize(text.ToString(), special: special).Ids);
        }
        else if (Definition.PostProcessor is { } post)
        {
            var own = new List<int>(text.Length / 4 + 8);
            EncodeText(WellFormed(text), own);
            post.Process(own, special);
            ids.AddRange(own);
        }
        else
        {
            EncodeText(WellFormed(text), ids);
        }
    }

    /// <summary>Encodes texts on all cores; the result is in the order of the texts.</summary>
    /// <param name="texts">Each by itself; padding alone looks at all of them.</param>
    /// <param name="special">Whether to add special tokens.</param>
    /// <param name="threads">All cores when null; without effect on the result.</param>
    public int[][] EncodeBatch(IReadOnlyList<string> texts, bool special = false, int? threads = null)
    {
        if (_limited)
        {
            return [.. TokenizeBatch(texts, special).Select(t => t.Ids.ToArray())];
        }

        var results = new int[texts.Count][];
        Parallel.For(0, texts.Count, new ParallelOptions { MaxDegreeOfParallelism = threads ?? -1 }, () => new List<int>(), (i, _, ids) =>
        {
            ids.Clear();
            Encode(texts[i], ids, special);
            results[i] = [.. ids];
            return ids;
        }, _ => { });
        return results;
    }

    private void EncodeText(ReadOnlySpan<char> text, List<int> ids)
    {
        var sink = new ModelSink(_model, new(ids, draws: Draws(text)), _spells);
        var place = default(AddedTokens.Place);
        while (_raw.Next(text, ref place, RecognizesSpecialTokens) is var (id, start, end))
        {
            EncodeSegment(text[sink.Taken..Math.Max(sink.Taken, start)], sink.Taken == 0, sink);
            ids.Add(id);
            sink.Taken = end;
        }

        EncodeSegment(text[sink.Taken..], sink.Taken == 0, sink);
    }

    private void EncodeSegment(ReadOnlySpan<char> text, bool first, ModelSink sink)
    {
        if (text.IsEmpty)
        {
            return;
        }

        if (Definition.Normalizer is { } normalizer)
        {
            text = normalizer.Normalize(text.ToString());
        }

        var place = default(AddedTokens.Place);
        var taken = 0;
        while (_normalized.Next(text, ref place, RecognizesSpecialTokens) is var (id, start, end))
        {
            EncodePieces(text[taken..Math.Max(taken, start)], first && taken == 0, sink);
            sink.Tokens.Ids.Add(id);
            taken = end;
        }

        EncodePieces(text[taken..], first && taken == 0, sink);
    }

    private void EncodePieces(ReadOnlySpan<char> text, bool first, ModelSink sink)
    {
        if (text.IsEmpty)
        {
            return;
        }

        if (Definition.PreTokenizer is { } preTokenizer)
        {
            preTokenizer.Split(text, sink, first);
        }
        else
        {
            sink.Add(text);
        }
    }

    /// <summary>What dropout draws from for a text: null where the model draws nothing.</summary>
    private Rng? Draws(ReadOnlySpan<char> text) => Definition.Model.IsRandom
        ? DropoutSeed.For($"dropout/{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Runtime.InteropServices.MemoryMarshal.AsBytes(text)))}").Random()
        : null;

    /// <summary>Surrogates without their other half become U+FFFD, as in every tool that works on UTF-8.</summary>
    private static ReadOnlySpan<char> WellFormed(ReadOnlySpan<char> text)
    {
        if (!text.ContainsAnyInRange('\uD800', '\uDFFF'))
        {
            return text;
        }

        char[]? copy = null;
        for (var at = 0; at < text.Length; at++)
        {
            if (!char.IsSurrogate(text[at]))
            {
                continue;
            }

            if (char.IsHighSurrogate(text[at]) && at + 1 < text.Length && char.IsLowSurrogate(text[at + 1]))
            {
                at++;
                continue;
            }

            (copy ??= text.ToArray())[at] = '\uFFFD';
        }

        return copy ?? text;
    }

    /// <summary>Gives pieces to the model, spelled in bytes where the model does not read them itself.</summary>
    private sealed class ModelSink(IPieceEncoder model, TokenSink tokens, bool spells) : IPieceSink
    {
        public TokenSink Tokens => tokens;

        /// <summary>Where the text begins that no added token has taken.</summary>
        public int Taken { get; set; }

        public void Add(ReadOnlySpan<char> piece)
        {
            if (!piece.IsEmpty)
            {
                model.Encode(spells ? ByteAlphabet.Spell(piece) : piece, tokens);
            }
        }
    }
}
