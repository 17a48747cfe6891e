using System.ComponentModel.DataAnnotations;

namespace Heirloom.Reuse.Merging;

/// <summary>What of a merge is no part of its recipe.</summary>
public sealed record MergeOptions
{
    /// <summary>Of what methods draw.</summary>
    public Seed Seed { get; init; } = new(1);

    /// <summary>Bytes that tensors in work may take together; half of what the machine has unless it is set.</summary>
    [Range(1L, long.MaxValue)]
    public long MemoryBytes { get; init; } = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2;

    /// <summary>Of these, what tensors in work may take …</summary>
    internal long WorkBytes => MemoryBytes - KeptBytes;

    /// <summary>… and what is kept for the next ones.</summary>
    internal long KeptBytes => MemoryBytes / 8;

    /// <summary>Weights beyond this many bytes are split into several files.</summary>
    [Range(1L, long.MaxValue)]
    public long MaxShardBytes { get; init; } = 5_000_000_000;

    /// <summary>Whether task vectors may be taken from a base that, by its lineage, a model does not descend from.</summary>
    public bool AnyBase { get; init; }

    /// <summary>Tensors that are made at the same time.</summary>
    [Range(1, 1024)]
    public int Workers { get; init; } = Environment.ProcessorCount;
}
