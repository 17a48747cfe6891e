using System.Text.Json;
using System.Text.Json.Nodes;
using static TorchSharp.torch;

namespace Heirloom.Checkpoints;

/// <summary>Weights in several files with an index. All headers are read and checked against the index on opening.</summary>
internal sealed class ShardedWeights : IWeights
{
    private readonly Dictionary<string, IWeights> _shards = [];
    private readonly Dictionary<string, IWeights> _owners = [];

    public ShardedWeights(string index)
    {
        var entries = new Dictionary<string, TensorEntry>();
        Entries = entries;
        try
        {
            foreach (var (name, shard) in ReadMap(index))
            {
                var file = OpenShard(index, shard);
                entries[name] = file.Entries.TryGetValue(name, out var entry) ? entry : throw new UserError(
                    $"names '{name}' in {shard}, which does not hold it", index, "the index belongs to other shards: fetch or save the model again");
                _owners[name] = file;
            }

            foreach (var (shard, file) in _shards)
            {
                if (file.Entries.Keys.FirstOrDefault(name => !(_owners.TryGetValue(name, out var owner) && owner == file)) is { } stray)
                {
                    throw new UserError($"{shard} holds '{stray}', which the index does not name there", index, "the index belongs to other shards: fetch or save the model again");
                }
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public IReadOnlyDictionary<string, TensorEntry> Entries { get; }

    public IReadOnlyDictionary<string, string> Metadata => _shards.Values.FirstOrDefault()?.Metadata ?? new Dictionary<string, string>();

    public Tensor Read(string name) => Owner(name).Read(name);

    public void Visit(string name, ReadOnlySpanVisitor visit) => Owner(name).Visit(name, visit);

    public string FileOf(string name) => Owner(name).FileOf(name);

    public void Dispose()
    {
        foreach (var file in _shards.Values)
        {
            file.Dispose();
        }
    }

    private static Dictionary<string, string> ReadMap(string index)
    {
        var map = new Dictionary<string, string>();
        if (JsonFile.ParseObject(index)["weight_map"] is not JsonObject shards)
        {
            throw new UserError("holds no weight_map", index, "fetch or save the model again");
        }

        foreach (var (name, node) in shards)
        {
            var shard = node?.GetValueKind() == JsonValueKind.String ? node.GetValue<string>() : "";
            // a name with a folder in it could point anywhere on this machine
            if (shard.Length == 0 || shard is "." or ".." || shard.AsSpan().ContainsAny('/', '\\', '\0') || !map.TryAdd(name, shard))
            {
                throw new UserError($"weight_map gives no file for '{name}', or a file elsewhere", index, "fetch or save the model again");
            }
        }

        return map;
    }

    private IWeights OpenShard(string index, string shard)
    {
        if (!_shards.TryGetValue(shard, out var file))
        {
            var path = Path.Combine(Path.GetDirectoryName(index)!, shard);
            file = File.Exists(path) ? WeightsFile.Open(path) : throw new UserError("this shard is missing", path, $"{Path.GetFileName(index)} names it: fetch it again");
            _shards.Add(shard, file);
        }

        return file;
    }

    private IWeights Owner(string name) => _owners.TryGetValue(name, out var file)
        ? file
        : throw new UserError($"no shard holds a tensor '{name}'", mend: UserError.Nearest(name, _owners.Keys.Take(20)));
}
