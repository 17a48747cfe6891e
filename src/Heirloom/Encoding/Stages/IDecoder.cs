namespace Heirloom.Encoding.Stages;

/// <summary>Joins tokens into text.</summary>
public interface IDecoder : IStage
{
    string Decode(IReadOnlyList<string> tokens);
}
