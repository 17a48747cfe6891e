using System.Text.Json.Nodes;

namespace Heirloom.Checkpoints;

/// <summary>The weights of a model folder: <c>model.safetensors</c>, or shards with <c>model.safetensors.index.json</c>.</summary>
public static class WeightsFolder
{
    public const string SingleFile = "model.safetensors", IndexFile = "model.safetensors.index.json";

    /// <summary>Opens the weights of a folder, sharded or not.</summary>
    /// <exception cref="UserError">There are none, a shard is missing, or a file is damaged.</exception>
    public static IWeights Open(string folder)
    {
        var index = Path.Combine(folder, IndexFile);
        var single = Path.Combine(folder, SingleFile);
        return File.Exists(single) ? new SafetensorsFile(single)
            : File.Exists(index) ? new ShardedWeights(index)
            : throw new UserError($"holds neither {SingleFile} nor {IndexFile}", folder, Directory.Exists(folder) ? "name a model folder" : "there is no such folder");
    }

    /// <summary>Writes weights into an existing folder, in one file or in shards of at most <paramref name="maxShardBytes"/> (a larger tensor has a shard of its own).</summary>
    /// <returns>The weights' hash.</returns>
    public static string Write(string folder, IEnumerable<TensorSource> tensors, long maxShardBytes = long.MaxValue)
    {
        var hash = new WeightsHash();
        var shards = Split(tensors.OrderBy(t => t.Name, StringComparer.Ordinal), maxShardBytes);
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
