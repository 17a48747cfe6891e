using System.Text.Json.Nodes;

namespace Heirloom.Checkpoints;

/// <summary>
/// The weights of a model folder: <c>model.safetensors</c>, or shards with <c>model.safetensors.index.json</c>; where there are none, PyTorch's
/// <c>pytorch_model.bin</c> or shards with its index. What is written is safetensors.
/// </summary>
public static class WeightsFolder
{
    public const string SingleFile = "model.safetensors", IndexFile = "model.safetensors.index.json", PickleFile = "pytorch_model.bin", PickleIndexFile = "pytorch_model.bin.index.json";

    /// <summary>Files of which one is in a folder with weights, the preferred first.</summary>
    public static IReadOnlyList<string> Files { get; } = [SingleFile, IndexFile, PickleFile, PickleIndexFile];

    /// <summary>Opens the weights of a folder, sharded or not.</summary>
    /// <exception cref="UserError">There are none, a shard is missing, or a file is damaged.</exception>
    public static IWeights Open(string folder)
    {
        var path = Files.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists) ?? throw new UserError(
            $"holds none of {string.Join(", ", Files)}", folder, Directory.Exists(folder) ? "name a model folder" : "there is no such folder");
        return path.EndsWith(".json", StringComparison.Ordinal) ? new ShardedWeights(path) : WeightsFile.Open(path);
    }

    /// <summary>Writes weights into an existing folder, in one file or in shards of at most <paramref name="maxShardBytes"/> (a larger tensor has a shard of its own).</summary>
    /// <returns>The weights' hash.</returns>
    public static string Write(string folder, IEnumerable<TensorSource> tensors, long maxShardBytes = long.MaxValue)
    {
        var hash = new WeightsHash();
        var shards = Shards(tensors, maxShardBytes);
        if (shards.Count <= 1)
        {
            WriteFile(Path.Combine(folder, SingleFile), shards.SelectMany(s => s), hash);
            return hash.ToString();
        }

        var map = new JsonObject();
        for (var i = 0; i < shards.Count; i++)
        {
            var name = $"model-{i + 1:D5}-of-{shards.Count:D5}.safetensors";
            WriteFile(Path.Combine(folder, name), shards[i], hash);
            foreach (var tensor in shards[i])
            {
                map[tensor.Name] = name;
            }
        }

        var index = new JsonObject
        {
            ["metadata"] = new JsonObject { ["total_size"] = shards.Sum(s => s.Sum(t => t.Bytes)) },
            ["weight_map"] = map,
        };
        File.WriteAllText(Path.Combine(folder, IndexFile), index.ToJsonString(new() { WriteIndented = true }));
        return hash.ToString();
    }

    /// <summary>The files that <see cref="Write"/> makes, each with its tensors in the order in which their values are asked for.</summary>
    internal static IReadOnlyList<IReadOnlyList<TensorSource>> Shards(IEnumerable<TensorSource> tensors, long maxShardBytes) =>
        [.. Split(tensors.OrderBy(t => t.Name, StringComparer.Ordinal), maxShardBytes).Select(Safetensors.Ordered)];

    private static List<List<TensorSource>> Split(IEnumerable<TensorSource> tensors, long maxBytes)
    {
        var shards = new List<List<TensorSource>>();
        var room = 0L;
        foreach (var tensor in tensors)
        {
            if (shards.Count == 0 || tensor.Bytes > room)
            {
                shards.Add([]);
                room = maxBytes;
            }

            shards[^1].Add(tensor);
            room -= tensor.Bytes;
        }

        return shards;
    }

    private static void WriteFile(string path, IEnumerable<TensorSource> tensors, WeightsHash hash)
    {
        using var stream = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 20);
        Safetensors.Write(stream, tensors, hash);
    }
}
