using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;

namespace Heirloom.Encoding;

/// <summary>Settings of <see cref="BpeTrainer"/>.</summary>
[Kind("byte_level_bpe")]
public sealed record BpeTrainingConfig : TokenizerTrainingConfig
{
    /// <summary>Tokens in all: special ones, the 256 bytes and the merges. Less where the text has no more pairs.</summary>
    [Range(257, 1 << 24)]
    public int VocabularySize { get; init; } = 8192;

    /// <summary>How often a pair must occur to be merged.</summary>
    [Range(0L, long.MaxValue)]
    public long MinFrequency { get; init; } = 2;

    /// <summary>Ends a document and generation.</summary>
    public string EndOfText { get; init; } = "<|endoftext|>";

    /// <summary>Begins a document; none when null.</summary>
    public string? BeginningOfText { get; init; }

    /// <summary>Fills short rows; none when null.</summary>
    public string? Padding { get; init; }

    /// <summary>Stands for a hidden token in masked language modelling; none when null.</summary>
    public string? Mask { get; init; }

    /// <summary>Further special tokens, which take the ids after those above.</summary>
    public ImmutableArray<string> SpecialTokens { get; init; } = [];

    /// <summary>Whether encoding with special tokens puts <see cref="BeginningOfText"/> before and <see cref="EndOfText"/> after a text.</summary>
    public bool AddSpecialTokens { get; init; }

    /// <summary>Whether a text's first word is treated like one after a space.</summary>
    public bool AddPrefixSpace { get; init; }

    /// <summary>Distinct words to keep in memory; beyond it the rarest are forgotten. All when null.</summary>
    [Range(1000, int.MaxValue)]
    public int? MaxWords { get; init; }

    public override Tokenizer Train(IEnumerable<string> documents, WorkContext work) => BpeTrainer.Train(documents, this, work);

    /// <summary>The special tokens in the order of their ids, each once.</summary>
    internal IReadOnlyList<string> AllSpecialTokens() =>
        [.. new[] { EndOfText, BeginningOfText, Padding, Mask }.OfType<string>().Concat(SpecialTokens.IsDefault ? [] : SpecialTokens).Distinct()];
}
