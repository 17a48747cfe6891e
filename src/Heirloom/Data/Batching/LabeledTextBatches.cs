using System.ComponentModel.DataAnnotations;
using static TorchSharp.torch;

namespace Heirloom.Data.Batching;

/// <summary>A text as ids, with its class.</summary>
public sealed record LabeledIds(IReadOnlyList<int> Ids, long Label);

/// <summary>How labelled texts are batched.</summary>
public sealed record LabeledTextConfig : IExample<LabeledTextConfig>
{
    public static LabeledTextConfig Example => new() { BatchSize = 2, MaxLength = 16 };

    /// <summary>Texts a batch, B.</summary>
    [Range(1, 1 << 20)]
    public required int BatchSize { get; init; }

    /// <summary>Longer texts lose their end.</summary>
    [Range(1, 1 << 20)]
    public required int MaxLength { get; init; }

    /// <summary>Lengths are padded up to a multiple, so that few shapes occur.</summary>
    [Range(1, 1 << 20)]
    public int PadToMultiple { get; init; } = 8;

    /// <summary>Each epoch has its own order; off for scoring.</summary>
    public bool Shuffle { get; init; } = true;

    /// <summary>Batches among which texts are sorted by length, so that little is padded; 1 sorts nothing.</summary>
    [Range(1, 1 << 20)]
    public int SortWithin { get; init; } = 1;
}

/// <summary>Labelled texts, padded to the longest of their batch: <c>Ids</c>, <c>Mask</c> [B, T], <c>Labels</c> [B].</summary>
public sealed class LabeledTextBatches(IReadOnlyList<LabeledIds> examples, LabeledTextConfig config, int padding, Seed seed) : IBatches<LabeledTokenBatch>
{
    private readonly ExampleBatches<LabeledIds, LabeledTokenBatch> _batches = new(
        examples, config.BatchSize, config.Shuffle, seed, (rows, _) => Collate(rows, config, padding), FingerprintOf(examples, config, padding), e => Math.Min(e.Ids.Count, config.MaxLength), config.SortWithin);

    public string Fingerprint => _batches.Fingerprint;

    public long? StepsPerEpoch => _batches.StepsPerEpoch;

    public LabeledTokenBatch At(long step) => _batches.At(step);

    private static LabeledTokenBatch Collate(IReadOnlyList<LabeledIds> rows, LabeledTextConfig config, int padding)
    {
        var longest = Math.Clamp(rows.Max(r => r.Ids.Count), 1, config.MaxLength);
        var width = Math.Min(config.MaxLength, (longest + config.PadToMultiple - 1) / config.PadToMultiple * config.PadToMultiple);
        var (ids, mask) = (new long[rows.Count * width], new bool[rows.Count * width]);
        ids.AsSpan().Fill(padding);
        for (var i = 0; i < rows.Count; i++)
        {
            var length = Math.Min(rows[i].Ids.Count, width);
            for (var t = 0; t < length; t++)
            {
                ids[(i * width) + t] = rows[i].Ids[t];
            }

            // a row without a single real token would make attention divide by nothing
            mask.AsSpan(i * width, Math.Max(1, length)).Fill(true);
        }

        return new(
            tensor(ids, [rows.Count, width], dtype: ScalarType.Int64),
            tensor(mask, [rows.Count, width], dtype: ScalarType.Bool),
            tensor(rows.Select(r => r.Label).ToArray(), [rows.Count], dtype: ScalarType.Int64));
    }

    private static string FingerprintOf(IReadOnlyList<LabeledIds> examples, LabeledTextConfig config, int padding)
    {
        using var hash = System.Security.Cryptography.IncrementalHash.CreateHash(System.Security.Cryptography.HashAlgorithmName.SHA256);
        foreach (var example in examples)
        {
            hash.AppendData(BitConverter.GetBytes(example.Label));
            hash.AppendData(BitConverter.GetBytes(example.Ids.Count));
            hash.AppendData(System.Runtime.InteropServices.MemoryMarshal.AsBytes<int>(example.Ids.ToArray()));
        }

        return Hashes.OfText($"{Convert.ToHexStringLower(hash.GetHashAndReset())} {config.MaxLength} {config.PadToMultiple} {padding}");
    }
}
