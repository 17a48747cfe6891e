using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using Heirloom.Data;
using Heirloom.Data.Batching;
using Heirloom.Models;

namespace Heirloom.Objectives;

/// <summary>One way to cut spans out of a text.</summary>
public sealed record DenoiserConfig : IExample<DenoiserConfig>
{
    public static DenoiserConfig Example => new() { Rate = 0.5, MeanSpanLength = 3, ModeToken = 2 };

    /// <summary>r: share of tokens that are cut out.</summary>
    [Range(0.0, 1.0)]
    public required double Rate { get; init; }

    /// <summary>μ: mean length of a span; null for a single span at the end, which makes the rest a prefix to be continued (S-denoising).</summary>
    [Range(1.0, 1e6)]
    public double? MeanSpanLength { get; init; }

    /// <summary>The paradigm token that stands before the source and says which kind of denoising is wanted; null for none.</summary>
    [Range(0, int.MaxValue)]
    public int? ModeToken { get; init; }

    /// <summary>How often it is drawn, relative to the others.</summary>
    [Range(0.0, double.MaxValue)]
    public double Weight { get; init; } = 1;
}

/// <summary>A mixture of denoisers over one set of sentinels.</summary>
public sealed record MixtureOfDenoisersConfig : IExample<MixtureOfDenoisersConfig>
{
    public static MixtureOfDenoisersConfig Example => Published(SpanCorruptionConfig.Example, regular: 2, sequential: 3, extreme: 2, longSpan: 4);

    /// <summary>Sentinels, end and padding; every denoiser has a density and a span length of its own.</summary>
    public required SpanCorruptionConfig Tokens { get; init; }

    public required ImmutableArray<DenoiserConfig> Denoisers { get; init; }

    /// <summary>The seven denoisers of Tay et al. 2022 (UL2), table 1, drawn alike: two regular ones, a sequential one, four extreme ones.</summary>
    /// <param name="tokens">Sentinels, end and padding.</param>
    /// <param name="regular">[R], null for none.</param>
    /// <param name="sequential">[S], null for none.</param>
    /// <param name="extreme">[X], null for none.</param>
    /// <param name="longSpan">The longest mean span; 64 for texts of 512 tokens in the paper.</param>
    public static MixtureOfDenoisersConfig Published(SpanCorruptionConfig tokens, int? regular, int? sequential, int? extreme, double longSpan = 64) => new()
    {
        Tokens = tokens,
        Denoisers =
        [
            new() { ModeToken = regular, MeanSpanLength = 3, Rate = 0.15 },
            new() { ModeToken = regular, MeanSpanLength = 8, Rate = 0.15 },
            new() { ModeToken = sequential, Rate = 0.25 },
            new() { ModeToken = extreme, MeanSpanLength = 3, Rate = 0.5 },
            new() { ModeToken = extreme, MeanSpanLength = 8, Rate = 0.5 },
            new() { ModeToken = extreme, MeanSpanLength = longSpan, Rate = 0.15 },
            new() { ModeToken = extreme, MeanSpanLength = longSpan, Rate = 0.5 },
        ],
    };
}

/// <summary>Every text is corrupted by one of several denoisers, whose paradigm token the model reads first (UL2; Tay et al. 2022, §3.1).</summary>
/// <remarks>With a single denoiser without a paradigm token it is span corruption, or prefix language modelling, of any architecture.</remarks>
public static class MixtureOfDenoisers
{
    /// <param name="form">How the model reads pairs.</param>
    /// <param name="config">The denoisers.</param>
    /// <param name="loss">Null for plain cross-entropy.</param>
    public static Objective<IModel, TokenBatch> Objective(PairForm form, MixtureOfDenoisersConfig config, CrossEntropyConfig? loss = null) =>
        (model, batch, seed) => ConditionalLM.Loss(form, model, Corrupt(batch, config, seed.For("corruption")).To(batch.Ids.device), loss);

    /// <summary>Sources and targets of every row, padded to the longest; on the CPU.</summary>
    /// <exception cref="UserError">There is no denoiser, or a row has more spans than there are sentinels.</exception>
    public static SequencePairBatch Corrupt(TokenBatch batch, MixtureOfDenoisersConfig config, Seed seed)
    {
        if (config.Denoisers.IsDefaultOrEmpty || !(config.Denoisers.Sum(d => d.Weight) > 0))
        {
            throw new UserError("there is no denoiser with a weight above zero", "denoisers", "name at least one");
        }

        double[] weights = [.. config.Denoisers.Select(d => d.Weight)];
        return SequencePairBatches.Collate(
            [.. TokenTexts.Of(batch).Select((tokens, row) =>
            {
                var rng = seed.For("row", row).Random();
                var denoiser = config.Denoisers[rng.Choose(weights)];
                return Pair(tokens, Noise(tokens.Length, denoiser, rng), denoiser.ModeToken, config.Tokens);
            })],
            config.Tokens.PadToken);
    }

    /// <summary>What a denoiser cuts out of a text of some length.</summary>
    public static bool[] Noise(int length, DenoiserConfig denoiser, Rng rng) =>
        SpanCorruption.RandomSpans(length, denoiser.Rate, denoiser.MeanSpanLength ?? Math.Max(1, length), rng);

    /// <summary>The paradigm token and the text with a sentinel for each span; the sentinels with their spans.</summary>
    /// <exception cref="UserError">More spans than sentinels.</exception>
    public static SequencePair Pair(long[] tokens, bool[] noise, int? mode, SpanCorruptionConfig ids)
    {
        var (source, target) = SpanCorruption.Corrupt(tokens, noise, ids);
        return new(mode is { } token ? [token, .. source] : source, target);
    }
}
