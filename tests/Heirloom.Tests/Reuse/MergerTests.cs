using System.Text.Json.Nodes;
using Heirloom.Checkpoints;
using Heirloom.Models;
using Heirloom.Models.Text;
using Heirloom.Reuse.MergeRecipes;
using Heirloom.Reuse.Merging;
using static TorchSharp.torch;

namespace Heirloom.Tests.Reuse;

public sealed class MergerTests : IDisposable
{
    private readonly MergeFixture _models = new();

    public MergerTests()
    {
        _models.Save("base", 1);
        _models.Descend("a", 2);
        _models.Descend("b", 3);
    }

    /// <summary>A folder of every family, as other tools wrote it, and those in other formats.</summary>
    public static TheoryData<string> Families => [.. Directory.GetDirectories(Checkout.Folder("tests/Heirloom.Tests/References/parity"))
        .Where(d => File.Exists(Path.Combine(d, "config.json"))).Select(d => Path.GetFileName(d)!).Order(StringComparer.Ordinal)
        .GroupBy(n => n.Split('-')[0]).Select(g => g.First()).Concat(["bert-mlm--bin-sharded", "bert-mlm--bf16", "llama-gqa--sharded", "clip-vision", "vit-cls--timm"])];

    public void Dispose() => _models.Dispose();

    [Fact]
    public void Writes_a_folder_that_loads_strictly_with_both_parents()
    {
        var report = _models.Merge("merge_method: linear\nmodels:\n  - {model: a, parameters: {weight: 0.25}}\n  - {model: b, parameters: {weight: 0.75}}\n");
        var (a, b, merged) = (_models.Values("a"), _models.Values("b"), _models.Values("out"));
        Assert.All(merged, t => Assert.All(t.Value.Select((x, i) => x - ((0.25 * a[t.Key][i]) + (0.75 * b[t.Key][i]))), d => Assert.InRange(d, -1e-6, 1e-6)));

        using var scope = NewDisposeScope();
        var loaded = Checkpoint.LoadAs<ICausalLM>(_models.Folder("out"));
        Assert.Empty(loaded.Report.Missing);
        Assert.Empty(loaded.Report.Unused);
        var lineage = loaded.Lineage!;
        Assert.Equal((report.Weights, "merge/linear"), (loaded.WeightsHash, lineage.Method));
        Assert.Equal([("merged", LineageFile.Read(_models.Folder("a"))!.Weights), ("merged", LineageFile.Read(_models.Folder("b"))!.Weights)], lineage.Parents.Select(p => (p.Role, p.Weights)));
        Assert.Equal(["a", "b"], lineage.Licenses);
        Assert.Contains("weight: 0.25", lineage.Settings);
        Assert.Contains("made by merge/linear", File.ReadAllText(Path.Combine(_models.Folder("out"), "README.md")));
        Assert.Equal(2, LineageTree.Of(_models.Folder("out")).Parents.Length);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Passing_a_model_through_is_the_identity(string family)
    {
        var folder = Checkout.Folder($"tests/Heirloom.Tests/References/parity/{family}");
        using var original = WeightsFolder.Open(folder);
        var output = Path.Combine(_models.Path, "out");
        var recipe = MergeRecipe.Parse($"merge_method: passthrough\nmodels: [{{model: x}}]\n", "r");
        var report = Merger.Run(recipe, new Dictionary<string, string> { ["x"] = folder }, output, new(), new());

        Assert.Equal(WeightsHash.Of(original), report.Weights);
        Assert.Empty(ModelInspection.Of(output).Problems.Except(ModelInspection.Of(folder).Problems));
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "config.json"))), JsonNode.Parse(File.ReadAllText(Path.Combine(output, "config.json")))));

        // computed instead of copied, and of one model alone
        Assert.Equal(report.Weights, Merger.Run(MergeRecipe.Of("linear", null, ("x", 0.5)), new Dictionary<string, string> { ["x"] = folder }, output, new(), new()).Weights);
    }

    [Fact]
    public void A_folder_that_holds_something_else_is_not_replaced()
    {
        var folder = Directory.CreateDirectory(_models.Folder("results")).FullName;
        File.WriteAllText(Path.Combine(folder, "notes.txt"), "mine");
        Assert.Contains("holds something else", Assert.Throws<UserError>(() => _models.Merge("merge_method: linear\nparameters: {weight: 1}\nmodels: [{model: a}, {model: b}]\n", "results")).Message);
        Assert.Equal("mine", File.ReadAllText(Path.Combine(folder, "notes.txt")));
    }

    [Fact]
    public void Values_that_the_stored_type_cannot_hold_are_told() => Assert.Contains("greater than F16 can hold", _models.Refused(
        "merge_method: linear\nmodels: [{model: a, parameters: {weight: 1.0e+7}}, {model: b, parameters: {weight: 1}}]\nparameters: {normalize: false}\ndtype: float16\n"));

    [Fact]
    public void Models_with_other_heads_are_refused()
    {
        var path = Path.Combine(_models.Folder("b"), "config.json");
        var config = JsonNode.Parse(File.ReadAllText(path))!;
        config["architectures"] = new JsonArray("LlamaForSequenceClassification");
        File.WriteAllText(path, config.ToJsonString());
        Assert.Contains("only models with the same head", _models.Refused("merge_method: linear\nmodels: [{model: a}, {model: b}]\n"));
    }

    [Fact]
    public void A_count_that_names_no_part_is_the_encoders_beside_one_of_the_decoder()
    {
        string[] names = ["encoder.block.0.w", "encoder.block.1.w", "decoder.block.0.w", "decoder.block.1.w"];
        var stacks = LayerStack.Of(names, new JsonObject { ["num_layers"] = 2, ["num_decoder_layers"] = 2 });
        Assert.Equal([("decoder", "num_decoder_layers"), ("encoder", "num_layers")], stacks.Select(s => (s.Module, Assert.Single(s.Keys))));
    }

    [Fact]
    public void Stacks_layers_and_says_so_in_the_configuration()
    {
        _models.Merge("""
            merge_method: passthrough
            slices:
              - sources: [{model: a, layer_range: [0, 2]}]
              - sources: [{model: b, layer_range: [1, 2], parameters: {scale: [{filter: o_proj, value: 0}, {value: 1}]}}]
              - sources: [{model: b, layer_range: [0, 1]}]
            """);
        var (a, b, merged) = (_models.Values("a"), _models.Values("b"), _models.Values("out"));
        Assert.Equal(a["model.embed_tokens.weight"], merged["model.embed_tokens.weight"]);
        Assert.Equal(b["model.norm.weight"], merged["model.norm.weight"]);
        Assert.Equal(a["model.layers.1.mlp.up_proj.weight"], merged["model.layers.1.mlp.up_proj.weight"]);
        Assert.Equal(b["model.layers.1.mlp.up_proj.weight"], merged["model.layers.2.mlp.up_proj.weight"]);
        Assert.Equal(b["model.layers.0.mlp.up_proj.weight"], merged["model.layers.3.mlp.up_proj.weight"]);
        Assert.All(merged["model.layers.2.self_attn.o_proj.weight"], x => Assert.Equal(0, x));

        using var scope = NewDisposeScope();
        Assert.Equal(4, ((DecoderConfig)Checkpoint.Load(_models.Folder("out")).Model.Config).Layers);
    }

    [Fact]
    public void Gradients_run_over_layers_and_filters_over_names()
    {
        _models.Save("deep", 1, MergeFixture.Config(layers: 3));
        _models.Descend("other", 5, of: "deep");
        _models.Merge("""
            merge_method: slerp
            base_model: deep
            models: [{model: deep}, {model: other}]
            parameters:
              t:
                - {filter: self_attn, value: [0, 0.5, 1]}
                - {filter: mlp, value: [1, 0]}
                - {value: 1}
            """);
        var (deep, other, merged) = (_models.Values("deep"), _models.Values("other"), _models.Values("out"));
        Same(deep, "model.layers.0.self_attn.q_proj.weight");
        Same(other, "model.layers.2.self_attn.q_proj.weight");
        Same(other, "model.layers.0.mlp.up_proj.weight");
        Same(deep, "model.layers.2.mlp.up_proj.weight");
        Same(other, "model.embed_tokens.weight");
        Same(other, "model.layers.1.input_layernorm.weight");
        var half = NaiveMerges.Slerp(deep["model.layers.1.mlp.up_proj.weight"], other["model.layers.1.mlp.up_proj.weight"], 0.5);
        Assert.All(half.Zip(merged["model.layers.1.mlp.up_proj.weight"]), p => Assert.Equal(p.First, p.Second, 1e-5));

        void Same(Dictionary<string, float[]> expected, string name) => Assert.All(expected[name].Zip(merged[name]), p => Assert.Equal(p.First, p.Second, 1e-6));
    }

    [Fact]
    public void Task_vectors_take_the_base_in_whether_it_is_listed_or_not()
    {
        const string models = "  - {model: a, parameters: {weight: 1, density: 0.5}}\n  - {model: b, parameters: {weight: 1, density: 0.5}}\n";
        var one = _models.Merge($"merge_method: ties\nbase_model: base\nmodels:\n{models}", "one");
        var two = _models.Merge($"merge_method: ties\nbase_model: base\nmodels:\n  - model: base\n{models}", "two");
        Assert.Equal(one.Weights, two.Weights);
        Assert.Equal(["base", "merged", "merged"], LineageFile.Read(_models.Folder("one"))!.Parents.Select(p => p.Role));
    }

    [Fact]
    public void Result_depends_on_the_seed_and_on_nothing_else()
    {
        const string recipe = "merge_method: dare_ties\nbase_model: base\ndtype: bfloat16\nparameters: {weight: 0.5, density: 0.4, int8_mask: true}\nmodels: [{model: a}, {model: b}]\n";
        var alone = _models.Merge(recipe, "alone", new() { Workers = 1, MemoryBytes = 40_000, MaxShardBytes = 4_000 });
        var many = _models.Merge(recipe, "many", new() { Workers = 7 });
        Assert.Equal(alone.Weights, many.Weights);
        Assert.NotEqual(alone.Weights, _models.Merge(recipe, "other", new() { Seed = new(2) }).Weights);
        Assert.True(Directory.GetFiles(_models.Folder("alone"), "*.safetensors").Length > 3);
        using var weights = WeightsFolder.Open(_models.Folder("alone"));
        Assert.All(weights.Entries.Values, e => Assert.Equal(ScalarType.BFloat16, e.Type));
        Assert.Contains("\"torch_dtype\": \"bfloat16\"", File.ReadAllText(Path.Combine(_models.Folder("alone"), "config.json")));
    }

    [Fact]
    public void What_stands_there_stays_when_a_merge_fails_or_is_stopped()
    {
        _models.Merge("merge_method: passthrough\nmodels: [{model: a}]");
        var before = LineageFile.Read(_models.Folder("out"))!.Weights;
        var broken = _models.Descend("broken", 4);
        using (var scope = NewDisposeScope())
        {
            var values = WeightsFolder.Open(broken);
            var tensors = values.Entries.Keys.ToDictionary(k => k, values.Read);
            values.Dispose();
            tensors["model.layers.1.mlp.down_proj.weight"].view(-1).narrow(0, 5, 1).fill_(float.NaN);
            Safetensors.Write(Path.Combine(broken, "model.safetensors"), tensors);
        }

        const string recipe = "merge_method: linear\nparameters: {weight: 1}\nmodels: [{model: a}, {model: broken}]";
        var message = Assert.Throws<UserError>(() => _models.Merge(recipe)).Message;
        Assert.Contains("model.layers.1.mlp.down_proj.weight: holds a NaN or an infinite value; the model broken is broken", message);
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        Assert.Throws<OperationCanceledException>(() => _models.Merge("merge_method: passthrough\nmodels: [{model: b}]", work: new() { Stop = stop.Token }));
        Assert.Equal(before, LineageFile.Read(_models.Folder("out"))!.Weights);
        Assert.Equal(["a", "b", "base", "broken", "out"], Directory.GetDirectories(_models.Path).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void No_more_memory_is_taken_than_is_allowed()
    {
        const string recipe = "merge_method: ties\nbase_model: base\nparameters: {weight: 1}\nmodels: [{model: a}, {model: b}]";
        Assert.Contains("model.layers.0.mlp.down_proj.weight: merging it takes", _models.Refused(recipe, new() { MemoryBytes = 10_000 }));
        using var work = new OrderedWork<Counted>([.. Enumerable.Repeat((40L, 10L), 30)], 100, 5, _ => new Counted(40));
        for (var i = 0; i < 30; i++)
        {
            work.Take();
            Assert.True(Counted.Most <= 100, $"{Counted.Most}");
        }
    }

    private sealed class Counted : IDisposable
    {
        private static long s_used;

        public Counted(long bytes)
        {
            Most = Math.Max(Most, Interlocked.Add(ref s_used, bytes));
            Thread.Sleep(1);
            Interlocked.Add(ref s_used, 10 - bytes);
        }

        public static long Most { get; private set; }

        public void Dispose() => Interlocked.Add(ref s_used, -10);
    }
}
