using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;

namespace Heirloom.Encoding.Learning;

/// <summary>Settings of <see cref="WordPieceTrainer"/>: a tokenizer in the manner of BERT (Devlin et al. 2019).</summary>
[Kind("wordpiece")]
public sealed record WordPieceTrainingConfig : TokenizerTrainingConfig
{
    /// <summary>Tokens in all, special ones included. Less where the text has no more pairs.</summary>
    [Range(6, 1 << 24)]
    public int VocabularySize { get; init; } = 8192;

    /// <summary>How often a pair must occur to be merged.</summary>
    [Range(0L, long.MaxValue)]
    public long MinFrequency { get; init; } = 2;

    /// <summary>Characters to keep, the most frequent; words with others are unknown.</summary>
    [Range(1, 1 << 21)]
    public int MaxAlphabet { get; init; } = 1000;

    /// <summary>Whether all is lower case.</summary>
    public bool Lowercase { get; init; } = true;

    /// <summary>Whether accents are dropped; null does so with <see cref="Lowercase"/>.</summary>
    public bool? StripAccents { get; init; }

    /// <summary>Marks tokens that continue a word.</summary>
    public string ContinuingPrefix { get; init; } = "##";

    /// <summary>Fills short rows.</summary>
    public string Padding { get; init; } = "[PAD]";

    /// <summary>Stands for words that cannot be written.</summary>
    public string Unknown { get; init; } = "[UNK]";

    /// <summary>Begins a text.</summary>
    public string Classifier { get; init; } = "[CLS]";

    /// <summary>Ends a text, and parts two.</summary>
    public string Separator { get; init; } = "[SEP]";

    /// <summary>Stands for a hidden token.</summary>
    public string Mask { get; init; } = "[MASK]";

    /// <summary>Further special tokens, which take the ids after those above.</summary>
    public ImmutableArray<string> SpecialTokens { get; init; } = [];

    /// <summary>Distinct words to keep in memory; beyond it the rarest are forgotten. All when null.</summary>
    [Range(1000, int.MaxValue)]
    public int? MaxWords { get; init; }

    public override Tokenizer Train(IEnumerable<string> documents, WorkContext work) => WordPieceTrainer.Train(documents, this, work);

    /// <summary>The special tokens in the order of their ids, each once.</summary>
    internal IReadOnlyList<string> AllSpecialTokens() =>
        [.. new[] { Padding, Unknown, Classifier, Separator, Mask }.Concat(SpecialTokens.IsDefault ? [] : SpecialTokens).Distinct()];
}
