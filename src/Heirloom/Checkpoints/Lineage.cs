using System.Collections.Immutable;

namespace Heirloom.Checkpoints;

/// <summary>How a set of weights came to be; written as <c>lineage.json</c> beside them.</summary>
public sealed record Lineage
{
    /// <summary>The newest shape of the file that this code knows.</summary>
    public const int CurrentFormat = 1;

    /// <summary>Version of this file's shape; a reader refuses a newer one.</summary>
    public int Format { get; init; } = CurrentFormat;

    /// <summary>SHA-256 of these weights (<see cref="WeightsHash"/>); filled in when they are saved.</summary>
    public string Weights { get; init; } = "";

    /// <summary>What made it: <c>pretrain</c>, <c>continue</c>, <c>fine-tune</c>, <c>merge/task-arithmetic</c>, ….</summary>
    public required string Method { get; init; }

    /// <summary>Content hashes (SHA-256 of the weights) of the checkpoints that it was made from, with where they lay.</summary>
    public ImmutableArray<LineageParent> Parents { get; init; } = [];

    /// <summary>The resolved settings, as YAML.</summary>
    public required string Settings { get; init; }

    public required ulong Seed { get; init; }

    public long Step { get; init; }

    /// <summary>Fingerprints of the data read, by name.</summary>
    public ImmutableSortedDictionary<string, string> Data { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Licences of the data and of the parents, which the result inherits.</summary>
    public ImmutableArray<string> Licenses { get; init; } = [];

    /// <summary>Version of the code.</summary>
    public string Code { get; init; } = Machine.CodeVersion;

    /// <summary>When it was written, UTC, ISO 8601.</summary>
    public string Date { get; init; } = "";

    /// <summary>What it is meant for, in a sentence; the model card says it.</summary>
    public string IntendedUse { get; init; } = "";

    /// <summary>Measurements made when it was written (perplexity, accuracy), by name.</summary>
    public ImmutableSortedDictionary<string, double> Scores { get; init; } = ImmutableSortedDictionary<string, double>.Empty;
}

/// <param name="Weights">SHA-256 of the parent's weights.</param>
/// <param name="Path">Where it lay when it was used (a hint, not an identity).</param>
/// <param name="Role">What it gave: <c>start</c>, <c>teacher</c>, <c>merged</c>.</param>
public sealed record LineageParent(string Weights, string Path, string Role);
