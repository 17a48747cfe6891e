using Heirloom.Checkpoints.Hub;
using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Checkpoints;

/// <summary>What a model folder is made of.</summary>
public sealed record CheckpointContents
{
    public required IModel Model { get; init; }

    public required Lineage Lineage { get; init; }

    /// <summary>What writes its own files beside the weights (a tokenizer).</summary>
    public IReadOnlyList<IFolderPart> Parts { get; init; } = [];

    /// <summary>What is written again of the folder that the model came from; null where it came from none.</summary>
    public HubRemainder? Remainder { get; init; }

    /// <summary>Names of a classifier's classes; empty for those of <see cref="Remainder"/>, or else numbers.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>Type in which floating-point tensors are stored; null for the type that they have.</summary>
    public ScalarType? Type { get; init; }

    /// <summary>Weights beyond this many bytes are split into several files.</summary>
    public long MaxShardBytes { get; init; } = 5_000_000_000;
}

/// <summary>
/// Model folders as the hub has them, which other tools read as they are: <c>config.json</c>, <c>model.safetensors</c> or shards, tokenizer files,
/// <c>lineage.json</c> and a model card.
/// </summary>
public static class Checkpoint
{
    /// <summary>Writes a folder in place of whatever stands there, whole or not at all.</summary>
    /// <returns>The weights' hash, by which descendants name this checkpoint as their parent.</returns>
    /// <exception cref="UserError">The folder cannot be written; what was there is untouched.</exception>
    public static string Save(string folder, CheckpointContents contents) => new CheckpointWriter(contents).Write(folder);

    /// <summary>Reads a folder.</summary>
    /// <exception cref="UserError">Missing, damaged, newer than this version, or its configuration and weights do not fit: named from the headers, before weights are read.</exception>
    public static LoadedCheckpoint<IModel> Load(string folder, LoadOptions? options = null) => LoadAs<IModel>(folder, options);

    /// <summary>Reads a folder that holds a model of some capability.</summary>
    /// <exception cref="UserError">As <see cref="Load"/>, or the model lacks the capability.</exception>
    public static LoadedCheckpoint<TModel> LoadAs<TModel>(string folder, LoadOptions? options = null)
        where TModel : IModel
    {
        using var reader = new CheckpointReader(folder, options ?? new());
        return reader.Load<TModel>();
    }

    /// <summary>The configuration of a folder, without its weights.</summary>
    /// <exception cref="UserError">Missing, damaged or of an unknown family.</exception>
    public static ModelConfig ReadConfig(string folder) => HubFolder.Read(folder).Config;
}
