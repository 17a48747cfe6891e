using System.ComponentModel.DataAnnotations;
using Heirloom.Data;
using Heirloom.Data.Batching;
using Heirloom.Models;

namespace Heirloom.Objectives;

/// <summary>How spans of a text are hidden.</summary>
public sealed record TextInfillingConfig : IExample<TextInfillingConfig>
{
    public static TextInfillingConfig Example => new() { MaskToken = 1, EndToken = 2 };

    /// <summary>One stands for a whole span, whatever its length.</summary>
    [Range(0, int.MaxValue)]
    public required int MaskToken { get; init; }

    /// <summary>Ends source and target.</summary>
    [Range(0, int.MaxValue)]
    public required int EndToken { get; init; }

    [Range(0, int.MaxValue)]
    public int PadToken { get; init; }

    /// <summary>Share of tokens in spans.</summary>
    [Range(0.0, 1.0)]
    public double Rate { get; init; } = 0.3;

    /// <summary>λ: spans have lengths from a Poisson distribution, at least 1.</summary>
    [Range(1e-6, 500)]
    public double MeanLength { get; init; } = 3;
}

/// <summary>Writing a whole text from one of which spans are hidden, each behind a single mask (BART; Lewis et al. 2020, §2.2, text infilling, without spans of length 0).</summary>
public static class TextInfilling
{
    /// <param name="config">Spans and special ids.</param>
    /// <param name="loss">Null for plain cross-entropy.</param>
    public static Objective<ISequenceToSequenceLM, TokenBatch> Objective(TextInfillingConfig config, CrossEntropyConfig? loss = null) =>
        (model, batch, seed) => SequenceToSequence.Loss(model, Hide(batch, config, seed.For("infilling")).To(batch.Ids.device), loss);

    /// <summary>Sources and targets of every row, padded to the longest; on the CPU.</summary>
    public static SequencePairBatch Hide(TokenBatch batch, TextInfillingConfig config, Seed seed) =>
        SequencePairBatches.Collate([.. TokenTexts.Of(batch).Select((text, row) =>
        {
            var source = new List<long>();
            var at = 0;
            foreach (var span in text.Length < 2 ? [] : BlankSpans.Short(text.Length, config.Rate, config.MeanLength, seed.For("row", row).Random()))
            {
                source.AddRange(text[at..span.Start.Value]);
                source.Add(config.MaskToken);
                at = span.End.Value;
            }

            return new SequencePair([.. source, .. text[at..], config.EndToken], [.. text, config.EndToken]);
        })], config.PadToken);
}
