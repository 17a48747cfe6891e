using System.Collections.Immutable;
using Heirloom.Checkpoints.Hub;
using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Checkpoints;

/// <summary>How a checkpoint is loaded. Without options: exactly what the folder holds, or an error.</summary>
public sealed record LoadOptions
{
    /// <summary>Floating-point type of the parameters; null for the type they are stored in (where there are several, one that holds them all).</summary>
    public ScalarType? Type { get; init; }

    public Device Device { get; init; } = CPU;

    /// <summary>Beginnings of our parameters' names that may be missing or of another shape and start afresh (a new head: <c>classifier</c>).</summary>
    public ImmutableArray<string> Fresh { get; init; } = [];

    /// <summary>From what fresh parameters are drawn; required with <see cref="Fresh"/>.</summary>
    public Seed? Seed { get; init; }

    /// <summary>Changes the configuration before the model is built (another head, more classes); null for as stored.</summary>
    public Func<ModelConfig, ModelConfig>? Configure { get; init; }
}

/// <summary>What happened on loading, tensor by tensor. Nothing is renamed, converted, left out or made up without a line here.</summary>
public sealed record LoadReport
{
    /// <summary>Our parameters that were read.</summary>
    public ImmutableArray<string> Loaded { get; init; } = [];

    /// <summary>Our parameters that started afresh because the file lacks them or has them in another shape.</summary>
    public ImmutableArray<string> Missing { get; init; } = [];

    /// <summary>Tensors in the file that the model has no use for, with why.</summary>
    public ImmutableArray<(string Name, string Why)> Unused { get; init; } = [];

    /// <summary>Tensors whose name in the file is an older or differently prefixed one: the file's name and the family's.</summary>
    public ImmutableArray<(string From, string To)> Renamed { get; init; } = [];

    /// <summary>Our parameters that were converted to another type, with from and to what.</summary>
    public ImmutableArray<(string Name, string How)> Converted { get; init; } = [];

    /// <summary>Remarks on the whole folder.</summary>
    public ImmutableArray<string> Notes { get; init; } = [];

    /// <summary>Whether the file held exactly the model, under the family's names.</summary>
    public bool IsExact => Missing.IsEmpty && Unused.IsEmpty && Renamed.IsEmpty && Converted.IsEmpty && Notes.IsEmpty;

    public override string ToString() => string.Join("; ", ((string[])
    [
        $"{Loaded.Length} loaded",
        Part(Missing, "fresh", name => name),
        Part(Unused, "unused", u => $"{u.Name} ({u.Why})"),
        Part(Renamed, "renamed", r => $"{r.From} → {r.To}"),
        Part(Converted, "converted", c => $"{c.Name} ({c.How})"),
        .. Notes,
    ]).Where(part => part.Length > 0));

    private static string Part<T>(ImmutableArray<T> items, string what, Func<T, string> show) => items.IsEmpty ? ""
        : $"{items.Length} {what}: {string.Join(", ", items.Take(3).Select(show))}{(items.Length > 3 ? ", …" : "")}";
}

/// <summary>A model read from a folder.</summary>
/// <param name="Model">In evaluation mode.</param>
/// <param name="Report">What happened on the way.</param>
/// <param name="Lineage">Where it came from; null for a folder that another tool wrote.</param>
/// <param name="WeightsHash">Its identity: what <see cref="LineageParent.Weights"/> of its descendants names.</param>
public sealed record LoadedCheckpoint<TModel>(TModel Model, LoadReport Report, Lineage? Lineage, string WeightsHash)
    where TModel : IModel
{
    /// <summary>What the folder says besides to other tools: whoever saves the model gives it on (<see cref="CheckpointContents.Remainder"/>).</summary>
    public required HubRemainder Remainder { get; init; }
}
