using static TorchSharp.torch;

namespace Heirloom.Data.Batching;

/// <summary>What is read and what is to be written.</summary>
public sealed record SequencePair(IReadOnlyList<long> Source, IReadOnlyList<long> Target);

/// <summary>Pairs of sequences, padded to the longest of their batch.</summary>
public sealed class SequencePairBatches(IReadOnlyList<SequencePair> pairs, int batchSize, int padding, Seed seed, bool shuffle = true) : IBatches<SequencePairBatch>
{
    private readonly ExampleBatches<SequencePair, SequencePairBatch> _batches = new(
        pairs, batchSize, shuffle, seed, (rows, _) => Collate(rows, padding), FingerprintOf(pairs, padding), p => p.Source.Count + p.Target.Count);

    public string Fingerprint => _batches.Fingerprint;

    public long? StepsPerEpoch => _batches.StepsPerEpoch;

    public SequencePairBatch At(long step) => _batches.At(step);

    /// <summary>One batch of pairs.</summary>
    /// <param name="pairs">At least one.</param>
    /// <param name="padding">Fills short sources; short targets are filled by <see cref="TokenBatch.Ignore"/>.</param>
    public static SequencePairBatch Collate(IReadOnlyList<SequencePair> pairs, long padding)
    {
        var width = Math.Max(1, pairs.Max(p => p.Source.Count));
        var mask = pairs.SelectMany(p => Enumerable.Range(0, width).Select(i => i < p.Source.Count)).ToArray();
        return new(
            Padded(pairs.Select(p => p.Source), width, padding),
            tensor(mask, [pairs.Count, width], dtype: ScalarType.Bool),
            Padded(pairs.Select(p => p.Target), Math.Max(1, pairs.Max(p => p.Target.Count)), TokenBatch.Ignore));

        Tensor Padded(IEnumerable<IReadOnlyList<long>> rows, int width, long filler) => tensor(
            rows.SelectMany(r => r.Concat(Enumerable.Repeat(filler, width - r.Count))).ToArray(), [pairs.Count, width], dtype: ScalarType.Int64);
    }

    private static string FingerprintOf(IReadOnlyList<SequencePair> pairs, int padding)
    {
        using var hash = System.Security.Cryptography.IncrementalHash.CreateHash(System.Security.Cryptography.HashAlgorithmName.SHA256);
        foreach (var side in pairs.SelectMany(p => new[] { p.Source, p.Target }))
        {
            hash.AppendData(BitConverter.GetBytes(side.Count));
            hash.AppendData(System.Runtime.InteropServices.MemoryMarshal.AsBytes<long>(side.ToArray()));
        }

        return Hashes.OfText($"pairs {Convert.ToHexStringLower(hash.GetHashAndReset())} {padding}");
    }
}
