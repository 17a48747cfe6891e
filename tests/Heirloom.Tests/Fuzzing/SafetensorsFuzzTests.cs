using System.Text.Json.Nodes;
using Heirloom.Checkpoints;
using static TorchSharp.torch;

namespace Heirloom.Tests.Fuzzing;

/// <summary>Headers of safetensors, and the index of shards.</summary>
public sealed class SafetensorsFuzzTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact(Explicit = true)]
    public void Mutated_for_minutes()
    {
        using var scope = NewDisposeScope();
        var whole = _folder / "valid.safetensors";
        Safetensors.Write(whole, [new("layers.0.weight", ones(3, 2)), new("é", zeros(2, dtype: bfloat16)), new("flag", zeros(3, dtype: @bool)), new("none", zeros(0, 4)), new("one", tensor(1.0))]);
        var valid = File.ReadAllBytes(whole);
        var length = (int)BitConverter.ToInt64(valid);
        var header = JsonNode.Parse(valid.AsSpan(8, length))!;
        var path = _folder / "mutated.safetensors";
        Fuzz.Run(
            _folder,
            random =>
            {
                if (random.Next(3) == 0)
                {
                    return Fuzz.Bytes(valid, random, "0123456789[]{},\":");
                }

                var changed = TextEncoding.UTF8.GetBytes(FuzzedJson.Change(header, random, [header]).ToJsonString());
                return [.. BitConverter.GetBytes((long)changed.Length), .. changed, .. valid[(8 + length)..]];
            },
            content =>
            {
                using var inner = NewDisposeScope();
                File.WriteAllBytes(path, content);
                using var file = Safetensors.Open(path);
                foreach (var name in file.Entries.Keys)
                {
                    file.Read(name);
                }
            },
            seconds: Fuzz.Minutes / 2, bytes: 20_000_000);
    }

    [Fact(Explicit = true)]
    public void Index_mutated_for_minutes()
    {
        using var scope = NewDisposeScope();
        var hash = WeightsFolder.Write(_folder.Path, [.. Enumerable.Range(0, 6).Select(i => new TensorSource($"layers.{i}.weight", ScalarType.Float32, [4, 4], () => ones(4, 4)))], maxShardBytes: 130);
        Assert.NotEmpty(hash);
        var path = _folder / "model.safetensors.index.json";
        var valid = JsonNode.Parse(File.ReadAllText(path))!;
        Fuzz.Run(
            _folder,
            random => random.Next(3) == 0
                ? Fuzz.Bytes(TextEncoding.UTF8.GetBytes(valid.ToJsonString()), random, "0123456789[]{},\":./\\")
                : TextEncoding.UTF8.GetBytes(FuzzedJson.Change(valid, random, [valid]).ToJsonString()),
            content =>
            {
                using var inner = NewDisposeScope();
                File.WriteAllBytes(path, content);
                using var weights = WeightsFolder.Open(_folder.Path);
                foreach (var name in weights.Entries.Keys)
                {
                    weights.Read(name);
                }
            },
            seconds: Fuzz.Minutes / 2, bytes: 20_000_000);
    }
}
