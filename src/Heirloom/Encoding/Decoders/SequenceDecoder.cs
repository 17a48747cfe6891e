using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding.Decoders;

/// <summary>Decoders one after another.</summary>
[Stage("Sequence")]
public sealed record SequenceDecoder : IDecoder
{
    public required IReadOnlyList<IDecoder> Decoders { get; init; }

    public void Check(TokenizerDefinition definition)
    {
        if (Decoders.Any(d => d is null))
        {
            throw new UserError("a stage of the sequence is missing", "decoder.decoders");
        }

        foreach (var stage in Decoders)
        {
            stage.Check(definition);
        }
    }

    public IReadOnlyList<string> DecodeParts(IReadOnlyList<string> parts) => Decoders.Aggregate(parts, (all, stage) => stage.DecodeParts(all));
}
