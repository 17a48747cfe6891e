using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;

namespace Heirloom.Encoding.Learning;

/// <summary>Settings of <see cref="UnigramTrainer"/>: a tokenizer in the manner of SentencePiece (Kudo 2018; Kudo and Richardson 2018).</summary>
[Kind("unigram")]
public sealed record UnigramTrainingConfig : TokenizerTrainingConfig
{
    /// <summary>Tokens in all, special ones and all characters included. Less where the text has no more pieces.</summary>
    [Range(4, 1 << 24)]
    public int VocabularySize { get; init; } = 8192;

    /// <summary>Share of the pieces that a round keeps.</summary>
    [Range(0.01, 0.99)]
    public double ShrinkingFactor { get; init; } = 0.75;

    /// <summary>Rounds of expectation and maximization between two prunings.</summary>
    [Range(1, 100)]
    public int Iterations { get; init; } = 2;

    /// <summary>Most characters of a piece.</summary>
    [Range(1, 1000)]
    public int MaxPieceLength { get; init; } = 16;

    /// <summary>Most pieces to start from.</summary>
    [Range(256, 1 << 24)]
    public int SeedSize { get; init; } = 1_000_000;

    /// <summary>Fills short rows.</summary>
    public string Padding { get; init; } = "<pad>";

    /// <summary>Ends a text.</summary>
    public string EndOfText { get; init; } = "</s>";

    /// <summary>Stands for characters that were not in the text.</summary>
    public string Unknown { get; init; } = "<unk>";

    /// <summary>Stands for a hidden token; none when null.</summary>
    public string? Mask { get; init; }

    /// <summary>Further special tokens, which take the ids after those above.</summary>
    public ImmutableArray<string> SpecialTokens { get; init; } = [];

    /// <summary>Whether encoding with special tokens puts <see cref="EndOfText"/> behind a text (T5).</summary>
    public bool AddSpecialTokens { get; init; } = true;

    /// <summary>Distinct words to keep in memory; beyond it the rarest are forgotten. All when null.</summary>
    [Range(1000, int.MaxValue)]
    public int? MaxWords { get; init; }

    public override Tokenizer Train(IEnumerable<string> documents, WorkContext work) => UnigramTrainer.Train(documents, this, work);

    /// <summary>The special tokens in the order of their ids, each once.</summary>
    internal IReadOnlyList<string> AllSpecialTokens() =>
        [.. new[] { Padding, EndOfText, Unknown, Mask }.OfType<string>().Concat(SpecialTokens.IsDefault ? [] : SpecialTokens).Distinct()];
}
