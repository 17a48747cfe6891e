using System.Text.Json.Nodes;
using CsCheck;
using Heirloom.Checkpoints;
using Heirloom.Tests.Checkpoints.Hub;
using static TorchSharp.torch;

namespace Heirloom.Tests.Checkpoints;

/// <summary>Folders are fetched from strangers and cut off by full disks: whatever is in them, the worst that may come out is one clear line.</summary>
public sealed class CheckpointFuzzTests : IDisposable
{
    private static readonly string[] Values =
        ["null", "true", "-1", "0", "1", "3", "1e300", "2147483647", "9007199254740993", "0.5", "\"\"", "\"gelu\"", "\"x\\u0000y\"", "[]", "{}", "[[[[1]]]]", "{\"rope_type\":\"yarn\"}", "[\"BertForTokenClassification\"]"];

    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    public static TheoryData<string> Names => ["llama", "qwen3", "gpt2", "bert", "bert-sequence", "roberta", "t5-gated", "vit", "wav2vec2", "hubert", "clip"];

    [Theory]
    [MemberData(nameof(Names))]
    public void Configurations_with_changed_values_load_or_are_refused(string name)
    {
        var folder = Save(name);
        var path = Path.Combine(folder, "config.json");
        var valid = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        valid.Remove("heirloom");
        var keys = valid.Select(pair => pair.Key).ToArray();
        Gen.Select(Gen.Int[0, keys.Length - 1], Gen.Int[0, Values.Length - 1], Gen.Int[0, 9]).Array[1, 2].Sample(changes =>
        {
            var json = valid.DeepClone().AsObject();
            foreach (var (key, value, how) in changes)
            {
                if (how == 0)
                {
                    json.Remove(keys[key]);
                }
                else
                {
                    json[keys[key]] = JsonNode.Parse(Values[value]);
                }
            }

            File.WriteAllText(path, json.ToJsonString());
            OnlyUserErrors(() => Checkpoint.Load(folder), json.ToJsonString());
        }, iter: 60, threads: 1);
    }

    [Theory]
    [InlineData("config.json")]
    [InlineData("lineage.json")]
    [InlineData("model.safetensors.index.json")]
    public void Files_with_changed_bytes_load_or_are_refused(string file)
    {
        var folder = Save("bert", shardBytes: 20_000);
        var path = Path.Combine(folder, file);
        var valid = File.ReadAllBytes(path);
        Gen.Select(Gen.Select(Gen.Int[0, valid.Length - 1], Gen.Byte).Array[1, 3], Gen.Int[0, 3 * valid.Length]).Sample((changes, keep) =>
        {
            var bytes = valid.ToArray();
            foreach (var (at, value) in changes)
            {
                bytes[at] = value;
            }

            File.WriteAllBytes(path, keep < valid.Length ? bytes[..keep] : bytes);
            OnlyUserErrors(() => Checkpoint.Load(folder), TextEncoding.UTF8.GetString(bytes));
        }, iter: 100, threads: 1);
    }

    private static void OnlyUserErrors(Action load, string what)
    {
        using var scope = NewDisposeScope();
        try
        {
            load();
        }
        catch (UserError e)
        {
            Assert.DoesNotContain('\n', e.Message);
            Assert.DoesNotContain('\0', e.Message);
        }
        catch (Exception e)
        {
            Assert.Fail($"{e.GetType().Name}: {e.Message}\n{what}");
        }
    }

    private string Save(string name, long shardBytes = long.MaxValue)
    {
        using var scope = NewDisposeScope();
        var folder = _scratch.File(name);
        Checkpoint.Save(folder, new()
        {
            Model = HubExamples.All[name].Config.Build(new Seed(1)),
            Lineage = new() { Method = "pretrain", Settings = "", Seed = 1 },
            MaxShardBytes = shardBytes,
        });
        return folder;
    }
}
