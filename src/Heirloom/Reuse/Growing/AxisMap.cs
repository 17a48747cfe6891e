using System.Collections.Immutable;
using static TorchSharp.torch;

namespace Heirloom.Reuse.Growing;

/// <summary>
/// The mapping g of Net2Net: which old item each new item of an axis is a copy of. Every old item has at least one copy; the first of them keeps what is its own where
/// methods tell copies apart.
/// </summary>
/// <remarks>Chen, Goodfellow and Shlens 2016, section 2.2; Chen et al. 2022 (bert2BERT), equation 3.</remarks>
public sealed class AxisMap
{
    /// <param name="old">Items before.</param>
    /// <param name="sources">For each new item, the old one.</param>
    public AxisMap(int old, IEnumerable<int> sources)
    {
        Old = old;
        Sources = [.. sources];
        var counts = new int[old];
        var copies = ImmutableArray.CreateBuilder<bool>(Sources.Length);
        foreach (var source in Sources)
        {
            copies.Add(counts[source]++ > 0);
        }

        if (counts.Contains(0))
        {
            throw new ArgumentException($"item {Array.IndexOf(counts, 0)} would be lost", nameof(sources));
        }

        (Counts, Copies) = ([.. counts], copies.ToImmutable());
    }

    public int Old { get; }

    /// <summary>g: for each new item, the old one.</summary>
    public ImmutableArray<int> Sources { get; }

    /// <summary>For each old item, how many new ones are copies of it.</summary>
    public ImmutableArray<int> Counts { get; }

    /// <summary>For each new item, whether an earlier one is a copy of the same.</summary>
    public ImmutableArray<bool> Copies { get; }

    /// <summary>Whether nothing changes.</summary>
    public bool IsIdentity => Sources.Length == Old && !Copies.Contains(true) && Sources.Index().All(s => s.Index == s.Item);

    /// <summary>Whether all old items have equally many copies, as statistics over the axis (a norm's) need in order to stay.</summary>
    public bool IsEven => Counts.All(c => c == Counts[0]);

    /// <summary>New item i is a copy of i mod old: whole copies, one after the other.</summary>
    public static AxisMap Cyclic(int old, int grown) => new(old, Enumerable.Range(0, grown).Select(i => i % old));

    /// <summary>
    /// The old items as they are, then items drawn at random without replacement until all are used, and so on: counts differ by one at most, and an axis that grows to
    /// a multiple grows evenly.
    /// </summary>
    public static AxisMap Random(int old, int grown, Seed seed)
    {
        int[] drawn = [.. Enumerable.Range(0, old)];
        var random = seed.Random();
        var sources = new List<int>(drawn);
        while (sources.Count < grown)
        {
            random.Shuffle<int>(drawn);
            sources.AddRange(drawn.Take(grown - sources.Count));
        }

        return new(old, sources);
    }

    /// <summary><c>[new · unit]</c> int64: the old entry of each new entry.</summary>
    /// <param name="unit">Consecutive entries that are one item.</param>
    public Tensor Entries(int unit) => tensor([.. Sources.SelectMany(s => Enumerable.Range(0, unit).Select(k => ((long)s * unit) + k))]);

    /// <summary><c>[new · unit]</c> float32: for each new entry, how many copies of its source there are.</summary>
    /// <inheritdoc cref="Entries"/>
    public Tensor Shares(int unit) => tensor([.. Sources.SelectMany(s => Enumerable.Repeat((float)Counts[s], unit))]);

    /// <summary><c>[new · unit]</c> bool: <see cref="Copies"/> of each entry.</summary>
    /// <inheritdoc cref="Entries"/>
    public Tensor CopyMask(int unit) => tensor([.. Copies.SelectMany(c => Enumerable.Repeat(c, unit))]);
}
