namespace Heirloom.Encoding.Stages;

/// <summary>Turns tokens into text. A chain of them passes on parts, which are joined at the end.</summary>
public interface IDecoder : IStage
{
    /// <summary>Rewrites the parts; it may have fewer after than before.</summary>
    IReadOnlyList<string> DecodeParts(IReadOnlyList<string> parts);

    string Decode(IReadOnlyList<string> tokens) => string.Concat(DecodeParts(tokens));
}
