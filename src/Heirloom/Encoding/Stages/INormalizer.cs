namespace Heirloom.Encoding.Stages;

/// <summary>Rewrites text before it is split.</summary>
public interface INormalizer : IStage
{
    string Normalize(string text);
}
