using Heirloom.Encoding.PreTokenizers;
using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding.PostProcessors;

/// <summary>Adds nothing; its settings concern offsets.</summary>
[Stage("ByteLevel")]
public sealed record ByteLevelPostProcessor : IPostProcessor
{
    /// <inheritdoc cref="ByteLevelPreTokenizer.AddPrefixSpace"/>
    public bool AddPrefixSpace { get; init; } = true;

    /// <inheritdoc cref="ByteLevelPreTokenizer.TrimOffsets"/>
    public bool TrimOffsets { get; init; } = true;

    /// <inheritdoc cref="ByteLevelPreTokenizer.UseRegex"/>
    public bool UseRegex { get; init; } = true;

    public int Added(bool pair) => 0;

    public void Process(List<int> ids, bool special)
    {
    }

    public IReadOnlyList<TokenizedText> Process(IReadOnlyList<TokenizedText> texts, bool special) =>
        TrimOffsets ? [.. texts.Select(t => Framing.Trim(t, AddPrefixSpace))] : texts;
}
