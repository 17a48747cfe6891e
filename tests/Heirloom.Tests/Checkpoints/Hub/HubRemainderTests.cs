using System.Text.Json.Nodes;
using Heirloom.Checkpoints;
using Heirloom.Checkpoints.Hub;
using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Tests.Checkpoints.Hub;

/// <summary>Whatever a folder says to other tools is there again after loading and saving.</summary>
public sealed class HubRemainderTests : IDisposable
{
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Keys_that_nobody_reads_are_written_as_they_came()
    {
        var saved = Saved("gpt2-scales", json =>
        {
            json["reorder_and_upcast_attn"] = true;
            json["task_specific_params"] = JsonNode.Parse("""{"text-generation": {"max_length": 50}}""");
            json["eos_token_id"] = new JsonArray(1, 2);
            json["nobody_knows"] = null;
            json["torch_dtype"] = "bfloat16";
        });

        Assert.True(saved["reorder_and_upcast_attn"]!.GetValue<bool>());
        Assert.Equal(50, saved["task_specific_params"]!["text-generation"]!["max_length"]!.GetValue<int>());
        Assert.Equal("[1,2]", saved["eos_token_id"]!.ToJsonString());
        Assert.True(saved.ContainsKey("nobody_knows"));
        Assert.True(saved["scale_attn_by_inverse_layer_idx"]!.GetValue<bool>());
        // what is ours to say, we say: the type that the weights have
        Assert.Equal("float32", saved["torch_dtype"]!.GetValue<string>());
    }

    [Fact]
    public void Keys_of_inner_objects_too()
    {
        var saved = Saved("clip-eos", json => json["text_config"]!["nobody_knows"] = 7);
        Assert.Equal(7, saved["text_config"]!["nobody_knows"]!.GetValue<int>());
        Assert.False(saved.ContainsKey("nobody_knows"));
    }

    [Fact]
    public void Classes_keep_their_names_while_they_are_as_many()
    {
        static void Name(JsonObject json)
        {
            json["id2label"] = JsonNode.Parse("""{"0": "bad", "1": "so so", "2": "good"}""");
            json["label2id"] = JsonNode.Parse("""{"bad": 0, "so so": 1, "good": 2}""");
            json["problem_type"] = "single_label_classification";
        }

        var saved = Saved("roberta-seq-cls", Name);
        Assert.Equal("so so", saved["id2label"]!["1"]!.GetValue<string>());
        Assert.Equal(2, saved["label2id"]!["good"]!.GetValue<int>());
        Assert.Equal("single_label_classification", saved["problem_type"]!.GetValue<string>());

        var fresh = Saved("roberta-seq-cls", Name, new() { Fresh = ["classifier"], Seed = new(1) });
        Assert.Equal("LABEL_1", fresh["id2label"]!["1"]!.GetValue<string>());
        Assert.False(fresh.ContainsKey("problem_type"));

        var named = Saved("roberta-seq-cls", Name, labels: ["x", "y", "z"]);
        Assert.Equal("z", named["id2label"]!["2"]!.GetValue<string>());
        Assert.Equal(1, named["label2id"]!["y"]!.GetValue<int>());
    }

    [Fact]
    public void Another_familys_file_gets_nothing_of_it()
    {
        using var scope = NewDisposeScope();
        var loaded = Checkpoint.Load(Copy("gpt2-lm", json => json["reorder_and_upcast_attn"] = true));
        var saved = Write(HubExamples.All["bert"].Config.Build(new(1)), loaded.Remainder, []);
        Assert.False(saved.ContainsKey("reorder_and_upcast_attn"));
    }

    [Fact]
    public void Ids_of_tokens_go_with_the_tokens()
    {
        using var scope = NewDisposeScope();
        var loaded = Checkpoint.Load(Copy("gpt2-lm", json => json["suppress_tokens"] = new JsonArray(3)));
        var saved = Write(loaded.Model, loaded.Remainder.WithoutTokens(), []);
        Assert.DoesNotContain(saved, pair => pair.Key is "suppress_tokens" or "eos_token_id" or "bos_token_id");
    }

    private JsonObject Saved(string reference, Action<JsonObject> change, LoadOptions? options = null, IReadOnlyList<string>? labels = null)
    {
        using var scope = NewDisposeScope();
        var loaded = Checkpoint.Load(Copy(reference, change), options);
        return Write(loaded.Model, loaded.Remainder, labels ?? []);
    }

    private JsonObject Write(IModel model, HubRemainder remainder, IReadOnlyList<string> labels)
    {
        var saved = _scratch.File(Guid.NewGuid().ToString());
        Checkpoint.Save(saved, new() { Model = model, Remainder = remainder, Labels = labels, Lineage = new() { Method = "copy", Settings = "", Seed = 1 } });
        // and what was written is read as before
        Checkpoint.ReadConfig(saved);
        return JsonNode.Parse(File.ReadAllText(Path.Combine(saved, "config.json")))!.AsObject();
    }

    private string Copy(string reference, Action<JsonObject> change)
    {
        var folder = _scratch.File(Guid.NewGuid().ToString());
        Directory.CreateDirectory(folder);
        foreach (var file in Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "References", "parity", reference)))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }

        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "config.json")))!.AsObject();
        change(config);
        File.WriteAllText(Path.Combine(folder, "config.json"), config.ToJsonString());
        return folder;
    }
}
