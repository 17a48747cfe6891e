using System.ComponentModel.DataAnnotations;
using Heirloom.Data;
using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Objectives;

/// <summary>How spans are cut out of a text.</summary>
public sealed record SpanCorruptionConfig : IExample<SpanCorruptionConfig>
{
    public static SpanCorruptionConfig Example => new() { FirstSentinel = 31, Sentinels = 8, EndToken = 1, PadToken = 0 };

    /// <summary>Share of tokens that are cut out.</summary>
    [Range(0.0, 1.0)]
    public double NoiseDensity { get; init; } = 0.15;

    [Range(1.0, 1e6)]
    public double MeanSpanLength { get; init; } = 3;

    /// <summary>Stands for the first span; those of later spans descend from it (T5: the end of the vocabulary).</summary>
    [Range(0, int.MaxValue)]
    public required int FirstSentinel { get; init; }

    /// <summary>How many sentinels there are.</summary>
    [Range(1, int.MaxValue)]
    public int Sentinels { get; init; } = 100;

    /// <summary>Ends source and target.</summary>
    [Range(0, int.MaxValue)]
    public required int EndToken { get; init; }

    [Range(0, int.MaxValue)]
    public int PadToken { get; init; }
}

/// <summary>Spans are replaced by sentinels, which the decoder expands.</summary>
/// <remarks>Raffel et al. 2020, §3.1.4 and fig. 2. A row counts as one text, as packed documents do in the original.</remarks>
public static class SpanCorruption
{
    /// <param name="config">Spans and special ids.</param>
    /// <param name="loss">Null for plain cross-entropy.</param>
    public static Objective<ISequenceToSequenceLM, TokenBatch> Objective(SpanCorruptionConfig config, CrossEntropyConfig? loss = null) =>
        (model, batch, seed) => SequenceToSequence.Loss(model, Corrupt(batch, config, seed.For("corruption")), loss);

    /// <summary>Sources and targets of every row, padded to the longest.</summary>
    /// <exception cref="UserError">A row has more spans than there are sentinels.</exception>
    public static SequencePairBatch Corrupt(TokenBatch batch, SpanCorruptionConfig config, Seed seed)
    {
        var length = (int)batch.Ids.shape[1];
        var ids = batch.Ids.cpu().data<long>().ToArray();
        var real = batch.Mask?.cpu().data<bool>().ToArray();
        var pairs = new List<(long[] Source, long[] Target)>();
        for (var row = 0; row < batch.Count; row++)
        {
            long[] tokens = [.. Enumerable.Range(row * length, length).Where(i => real is null || real[i]).Select(i => ids[i])];
            var noise = RandomSpans(tokens.Length, config.NoiseDensity, config.MeanSpanLength, seed.For("row", row).Random());
            pairs.Add(Corrupt(tokens, noise, config));
        }

        var device = batch.Ids.device;
        var source = Padded(pairs.ConvertAll(p => p.Source), config.PadToken, device);
        var lengths = tensor(pairs.ConvertAll(p => p.Source.LongLength).ToArray(), device: device);
        return new(
            source,
            arange(source.shape[1], device: device).unsqueeze(0).less(lengths.unsqueeze(1)),
            Padded(pairs.ConvertAll(p => p.Target), TokenBatch.Ignore, device));
    }

    /// <summary>
    /// The source has each run of noise replaced by one sentinel, the target each run of the rest; both end with the end token.
    /// </summary>
    /// <param name="tokens">The text, not starting with noise, so that both sides name a span by the same sentinel.</param>
    /// <param name="noise">True on tokens to be cut out.</param>
    /// <param name="config">Special ids.</param>
    /// <exception cref="UserError">More spans than sentinels.</exception>
    public static (long[] Source, long[] Target) Corrupt(ReadOnlySpan<long> tokens, ReadOnlySpan<bool> noise, SpanCorruptionConfig config)
    {
        if (noise.Length != tokens.Length || (noise.Length > 0 && noise[0]))
        {
            throw new ArgumentException("one flag a token, the first of them false", nameof(noise));
        }

        return (Side(tokens, noise, cut: true, config), Side(tokens, noise, cut: false, config));
    }

    /// <summary>Random noise that starts with kept text and ends with noise, its number of tokens and of spans fixed by the length alone.</summary>
    /// <remarks><c>random_spans_noise_mask</c> of Raffel et al.: spans of noise and of the rest are random compositions of their totals.</remarks>
    /// <param name="length">Tokens of the text.</param>
    /// <param name="density">Share of noise.</param>
    /// <param name="meanLength">Mean tokens of a span of noise.</param>
    /// <param name="rng">The only source of chance.</param>
    public static bool[] RandomSpans(int length, double density, double meanLength, Rng rng)
    {
        var noise = new bool[length];
        if (length < 2)
        {
            return noise;
        }

        var noisy = Math.Clamp((int)Math.Round(length * density), 1, length - 1);
        var spans = Math.Clamp((int)Math.Round(noisy / meanLength), 1, Math.Min(noisy, length - noisy));
        var (cut, kept) = (Composition(noisy, spans, rng), Composition(length - noisy, spans, rng));
        for (int i = 0, at = 0; i < spans; i++)
        {
            noise.AsSpan(at += kept[i], cut[i]).Fill(true);
            at += cut[i];
        }

        return noise;
    }

    /// <summary>A uniformly drawn way to write a total as a sum of so many positive parts.</summary>
    private static int[] Composition(int total, int parts, Rng rng)
    {
        var ends = new bool[total - 1];
        ends.AsSpan(0, parts - 1).Fill(true);
        rng.Shuffle<bool>(ends);
        var lengths = new int[parts];
        var part = 0;
        for (var i = 0; i < total; i++)
        {
            lengths[part]++;
            part += i < ends.Length && ends[i] ? 1 : 0;
        }

        return lengths;
    }

    private static long[] Side(ReadOnlySpan<long> tokens, ReadOnlySpan<bool> noise, bool cut, SpanCorruptionConfig config)
    {
        var side = new List<long>(tokens.Length);
        var spans = 0;
        for (var i = 0; i < tokens.Length; i++)
        {
            if (noise[i] != cut)
            {
                side.Add(tokens[i]);
            }
            else if (i == 0 || noise[i - 1] != cut)
            {
                if (spans >= Math.Min(config.Sentinels, config.FirstSentinel + 1))
                {
                    throw new UserError(
                        $"a row of {tokens.Length} tokens has more spans than the {config.Sentinels} sentinels", "span corruption", "shorten rows, lengthen spans or add sentinels");
                }

                side.Add(config.FirstSentinel - spans++);
            }
        }

        side.Add(config.EndToken);
        return [.. side];
    }

    private static Tensor Padded(List<long[]> rows, long padding, Device device)
    {
        var width = rows.Max(r => r.Length);
        return tensor(rows.SelectMany(r => r.Concat(Enumerable.Repeat(padding, width - r.Length))).ToArray(), [rows.Count, width], device: device);
    }
}
