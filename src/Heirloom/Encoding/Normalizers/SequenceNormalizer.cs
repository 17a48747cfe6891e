using System.Text.Json.Serialization;
using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding.Normalizers;

/// <summary>Normalizers one after another.</summary>
[Stage("Sequence")]
public sealed record SequenceNormalizer : INormalizer
{
    public required IReadOnlyList<INormalizer> Normalizers { get; init; }

    [JsonIgnore]
    public bool NeedsPlaces => Normalizers.Any(n => n.NeedsPlaces);

    public void Check(TokenizerDefinition definition)
    {
        if (Normalizers.Any(n => n is null))
        {
            throw new UserError("a stage of the sequence is missing", "normalizer.normalizers");
        }

        foreach (var stage in Normalizers)
        {
            stage.Check(definition);
        }
    }

    public void Normalize(AlignedText text)
    {
        foreach (var stage in Normalizers)
        {
            stage.Normalize(text);
        }
    }

    public string Normalize(string text)
    {
        if (NeedsPlaces)
        {
            var aligned = AlignedText.Of(text, tracked: true);
            Normalize(aligned);
            return aligned.Text;
        }

        return Normalizers.Aggregate(text, (t, stage) => stage.Normalize(t));
    }
}
