using Heirloom.Encoding.PreTokenizers;
using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding.PostProcessors;

/// <summary>Concerns offsets only: it adds no token.</summary>
[Stage("ByteLevel")]
public sealed record ByteLevelPostProcessor : IPostProcessor
{
    /// <inheritdoc cref="ByteLevelPreTokenizer.AddPrefixSpace"/>
    public bool AddPrefixSpace { get; init; } = true;

    /// <inheritdoc cref="ByteLevelPreTokenizer.TrimOffsets"/>
    public bool TrimOffsets { get; init; } = true;

    /// <inheritdoc cref="ByteLevelPreTokenizer.UseRegex"/>
    public bool UseRegex { get; init; } = true;

    public void Process(List<int> ids)
    {
    }
}
