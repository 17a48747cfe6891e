using System.Text.Json.Nodes;
using Heirloom.Checkpoints;
using Heirloom.Checkpoints.Hub;
using Heirloom.Checkpoints.Zoo;
using Heirloom.Models;
using Heirloom.Models.Parts;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Tests.Checkpoints;

/// <summary>Models of every family that parts can make, from the folders that another implementation built.</summary>
public sealed class ModelZooTests : IDisposable
{
    private const double Tolerance = 1e-4;
    private readonly Scratch _scratch = new();
    private readonly DisposeScope _scope = NewDisposeScope();

    private static string Root => Path.Combine(AppContext.BaseDirectory, "References", "parity");

    public static TheoryData<string> Assembled => [.. Directory.GetDirectories(Root).Where(f => File.Exists(Path.Combine(f, "config.json")) && ModelZoo.Assemble(Checkpoint.ReadConfig(f)) is not null)
        .Select(f => Path.GetFileName(f)!).Where(f => !f.Contains("--", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    public void Dispose()
    {
        _scope.Dispose();
        _scratch.Dispose();
    }

    [Fact]
    public void EveryNamedFamilyIsAmongThem() => Assert.Empty(
        new[] { "bert-pretraining", "xlm-roberta-mlm", "roberta-seq-cls", "gpt2-lm", "t5-v1.0", "t5-v1.1", "albert-pretraining", "vit-cls", "wav2vec2-ctc-base", "wav2vec2-ctc-large", "clip-eos", "llama-gqa" }
            .Except(Assembled.Select(row => row.Data)));

    [Theory]
    [MemberData(nameof(Assembled))]
    public void AnAssemblyGivesTheReferencesOutputsSavedAndLoadedToo(string folder)
    {
        var assembly = ModelZoo.ToAssembly(Load(folder));
        Check(Parity.Run(assembly, Path.Combine(Root, folder)));

        var saved = Save(assembly, "saved");
        Assert.Equal(HeirloomLayout.Type, JsonNode.Parse(File.ReadAllText(Path.Combine(saved, "config.json")))!["model_type"]!.GetValue<string>());
        File.Copy(Path.Combine(Root, folder, Parity.FileName), Path.Combine(saved, Parity.FileName));
        Check(Parity.Run(saved));
    }

    [Theory]
    [MemberData(nameof(Assembled))]
    public void BackInItsFamilyItIsTheSameTensorForTensor(string folder)
    {
        var model = Load(folder);
        var back = ModelZoo.ToFamily(ModelZoo.ToAssembly(model));
        Assert.IsType(model.GetType(), back);
        AssertSame(model, back);
        if (HubFolder.LayoutOf(model.Config) is { } layout && back.Config with { HubFamily = model.Config.HubFamily } is { } config)
        {
            Assert.Equal(Settings.ToYaml(layout.Essence(model.Config)!), Settings.ToYaml(layout.Essence(config)!));
        }
    }

    [Theory]
    [InlineData("bert-mlm", "tie_weights", "target.mlm.linear_1.weight", "encoder.transformer.1.self_attn.linear_layers.2.bias", "embedding.seg.embedding.weight")]
    [InlineData("bert-pretraining", "target", "target.sp.linear_2.weight", "encoder.transformer.0.layer_norm_2.gamma", "embedding.layer_norm.beta")]
    [InlineData("gpt2-lm", "mask", "encoder.transformer.0.feed_forward.linear_1.weight", "encoder.layer_norm.gamma", "embedding.pos.embedding.weight")]
    [InlineData("llama-head-dim", "attention_head_size", "encoder.transformer.0.self_attn.linear_layers.1.weight")]
    [InlineData("llama-mqa-biases", "local_kv_heads_num", "encoder.transformer.1.feed_forward.linear_gate.weight", "encoder.layer_norm.weight", "embedding.word.embedding.weight")]
    [InlineData("albert-inner2-mlm", null)]
    public void AnotherZoosFormatHoldsTheSameModel(string folder, string? key, params string[] names)
    {
        var model = Load(folder);
        var assembly = ModelZoo.ToAssembly(model);
        if (key is null)
        {
            // two layers in a group of shared ones: theirs share one
            Assert.IsNotType<TencentPretrainLayout>(HubFolder.LayoutOf(assembly.Config with { HubFamily = "tencentpretrain" }));
            return;
        }

        var theirs = SaveTheirs(assembly, "theirs");
        using (var weights = WeightsFolder.Open(theirs))
        {
            Assert.All(names, name => Assert.Contains(name, weights.Entries.Keys));
            Assert.DoesNotContain(weights.Entries.Keys, name => name.StartsWith("encoder.layers", StringComparison.Ordinal));
        }

        Assert.True(JsonNode.Parse(File.ReadAllText(Path.Combine(theirs, "config.json")))!.AsObject().ContainsKey(key));
        var loaded = Checkpoint.Load(theirs);
        Assert.Empty(loaded.Report.Missing);
        AssertSame(assembly, loaded.Model);
        AssertSame(model, ModelZoo.ToFamily((AssembledModel)loaded.Model));
        Check(Parity.Run(loaded.Model, Path.Combine(Root, folder)));
    }

    /// <summary>Rotary pairs stand beside each other there: their projection's first two rows are our first and the one half a head later.</summary>
    [Fact]
    public void RotaryPairsStandAsTheirsDo()
    {
        var assembly = ModelZoo.ToAssembly(Load("llama-head-dim"));
        using var weights = WeightsFolder.Open(SaveTheirs(assembly, "theirs"));
        var (ours, theirs) = (assembly.state_dict()["encoder.layers.0.attention.query.weight"], weights.Read("encoder.transformer.0.self_attn.linear_layers.0.weight"));
        var half = ((TransformerPartConfig)assembly.Settings.Encoder).Block.Attention.HeadWidthOf(assembly.Width) / 2;
        Assert.True(theirs[0].equal(ours[0]).all().item<bool>());
        Assert.True(theirs[1].equal(ours[half]).all().item<bool>());
    }

    [Fact]
    public void RobertasPositionsBeginAtZeroThereAndComeBackAtTwo()
    {
        var assembly = ModelZoo.ToAssembly(Load("xlm-roberta-mlm"));
        var theirs = SaveTheirs(assembly, "theirs");
        var (table, loaded) = (assembly.state_dict()["embedding.position.positions.weight"], Checkpoint.Load(theirs).Model.Module.state_dict()["embedding.position.positions.weight"]);
        using var weights = WeightsFolder.Open(theirs);
        Assert.True(weights.Read("embedding.pos.embedding.weight").equal(table.narrow(0, 2, table.shape[0] - 2)).all().item<bool>());
        Assert.True(loaded.narrow(0, 2, table.shape[0] - 2).equal(table.narrow(0, 2, table.shape[0] - 2)).all().item<bool>());
        Assert.Equal(3, weights.Entries["embedding.seg.embedding.weight"].Shape[0]);
    }

    /// <summary>A folder as UER leaves it: its keys, a vocabulary beside it, weights under the names of its first versions.</summary>
    [Fact]
    public void AFolderOfUersFirstVersionsIsRead()
    {
        var reference = Path.Combine(Root, "bert-pretraining");
        var folder = _scratch.File("uer");
        Directory.CreateDirectory(folder);
        var hub = JsonNode.Parse(File.ReadAllText(Path.Combine(reference, "config.json")))!;
        File.WriteAllText(Path.Combine(folder, "config.json"), $$"""
            {
              "emb_size": {{hub["hidden_size"]}}, "hidden_size": {{hub["hidden_size"]}}, "feedforward_size": {{hub["intermediate_size"]}}, "hidden_act": "{{hub["hidden_act"]}}",
              "heads_num": {{hub["num_attention_heads"]}}, "layers_num": {{hub["num_hidden_layers"]}}, "max_seq_length": {{hub["max_position_embeddings"]}}, "dropout": 0.1,
              "data_processor": "bert", "embedding": "word_pos_seg", "encoder": "transformer", "mask": "fully_visible", "target": ["mlm", "sp"],
              "layernorm_eps": {{hub["layer_norm_eps"]}}, "embedding_layernorm_eps": {{hub["layer_norm_eps"]}}, "target_layernorm_eps": {{hub["layer_norm_eps"]}}
            }
            """);
        File.WriteAllLines(Path.Combine(folder, "vocab.txt"), Enumerable.Range(0, hub["vocab_size"]!.GetValue<int>()).Select(i => $"word{i}"));
        using (var weights = WeightsFolder.Open(reference))
        {
            Tensor Of(string name) => weights.Read(name);
            var sources = new List<(string, Tensor)>
            {
                ("embedding.word_embedding.weight", Of("bert.embeddings.word_embeddings.weight")),
                ("embedding.position_embedding.weight", Of("bert.embeddings.position_embeddings.weight")),
                ("embedding.segment_embedding.weight", cat([zeros(1, hub["hidden_size"]!.GetValue<int>()), Of("bert.embeddings.token_type_embeddings.weight")], 0)),
                ("embedding.layer_norm.gamma", Of("bert.embeddings.LayerNorm.weight")), ("embedding.layer_norm.beta", Of("bert.embeddings.LayerNorm.bias")),
                ("target.mlm_linear_1.weight", Of("cls.predictions.transform.dense.weight")), ("target.mlm_linear_1.bias", Of("cls.predictions.transform.dense.bias")),
                ("target.layer_norm.gamma", Of("cls.predictions.transform.LayerNorm.weight")), ("target.layer_norm.beta", Of("cls.predictions.transform.LayerNorm.bias")),
                ("target.mlm_linear_2.weight", Of("bert.embeddings.word_embeddings.weight")), ("target.mlm_linear_2.bias", Of("cls.predictions.bias")),
                ("target.nsp_linear_1.weight", Of("bert.pooler.dense.weight")), ("target.nsp_linear_1.bias", Of("bert.pooler.dense.bias")),
                ("target.nsp_linear_2.weight", Of("cls.seq_relationship.weight")), ("target.nsp_linear_2.bias", Of("cls.seq_relationship.bias")),
            };
            for (var i = 0; i < hub["num_hidden_layers"]!.GetValue<int>(); i++)
            {
                foreach (var (there, here, end) in new[]
                {
                    ("self_attn.linear_layers.0", "attention.self.query", false), ("self_attn.linear_layers.1", "attention.self.key", false), ("self_attn.linear_layers.2", "attention.self.value", false),
                    ("self_attn.final_linear", "attention.output.dense", false), ("layer_norm_1", "attention.output.LayerNorm", true),
                    ("feed_forward.linear_1", "intermediate.dense", false), ("feed_forward.linear_2", "output.dense", false), ("layer_norm_2", "output.LayerNorm", true),
                })
                {
                    sources.Add(($"encoder.transformer.{i}.{there}.{(end ? "gamma" : "weight")}", Of($"bert.encoder.layer.{i}.{here}.weight")));
                    sources.Add(($"encoder.transformer.{i}.{there}.{(end ? "beta" : "bias")}", Of($"bert.encoder.layer.{i}.{here}.bias")));
                }
            }

            WeightsFolder.Write(folder, sources.Select(s => TensorSource.Of(s.Item1, s.Item2)));
        }

        var loaded = Checkpoint.Load(folder);
        Assert.Empty(loaded.Report.Missing);
        Check(Parity.Run(loaded.Model, reference));
        var untied = ModelZoo.ToFamily((AssembledModel)loaded.Model);
        Check(Parity.Run(untied, reference));
    }

    [Fact]
    public void WhatNoFamilyHasIsRefused()
    {
        var lstm = AssembledConfig.Example with { Encoder = RecurrentPartConfig.Example };
        Assert.Contains("no published family", Assert.Throws<UserError>(() => ModelZoo.ToFamily(lstm.Build(new(1)))).Message, StringComparison.Ordinal);
        Assert.Contains("have no such parts", Assert.Throws<UserError>(() => ModelZoo.Convert(Load("llama-gqa"), ZooFormat.TencentPretrain)).Message, StringComparison.Ordinal); // another rotary base
        Assert.Contains("cannot be assembled", Assert.Throws<UserError>(() => ModelZoo.ToAssembly(MlpConfig.Example.Build(new(1)))).Message, StringComparison.Ordinal);
    }

    /// <summary>Recurrent models have their own names there.</summary>
    [Theory]
    [InlineData(ReadingDirection.Forward, "encoder.rnn.weight_ih_l1")]
    [InlineData(ReadingDirection.Both, "encoder.rnn.weight_hh_l1_reverse")]
    [InlineData(ReadingDirection.Separate, "encoder.rnn_backward.bias_ih_l1")]
    public void RecurrentModelsComeBackFromTheirFormat(ReadingDirection direction, string name)
    {
        var model = (AssembledConfig.Example with { Encoder = new RecurrentPartConfig { Width = 16, Layers = 2, Direction = direction }, Targets = [new MaskedLMTargetConfig { Norm = new Heirloom.Layers.LayerNormConfig { Epsilon = 1e-6 } }] }).Build(new(1));
        var folder = SaveTheirs(model, "theirs");
        using (var weights = WeightsFolder.Open(folder))
        {
            Assert.Contains(name, weights.Entries.Keys);
        }

        AssertSame(model, Checkpoint.Load(folder).Model);
    }

    private static void Check(IReadOnlyList<ParityOutput> outputs)
    {
        Assert.NotEmpty(outputs);
        Assert.All(outputs, output => Assert.True(output.Difference <= (output.Name == "greedy" ? 0 : Tolerance), $"{output.Name} differs by {output.Difference:G3}"));
    }

    private static void AssertSame(IModel expected, IModel actual)
    {
        var (a, b) = (expected.Module.state_dict(), actual.Module.state_dict());
        Assert.Equal(a.Keys.Order(StringComparer.Ordinal), b.Keys.Order(StringComparer.Ordinal));
        Assert.All(a, p => Assert.True(p.Value.shape.SequenceEqual(b[p.Key].shape) && p.Value.bytes.SequenceEqual(b[p.Key].bytes), p.Key));
    }

    private static IModel Load(string folder) => Checkpoint.Load(Path.Combine(Root, folder), new() { Type = ScalarType.Float32 }).Model;

    /// <summary>Saves it in their format and leaves their keys alone.</summary>
    private string SaveTheirs(AssembledModel model, string name)
    {
        var copy = (model.Settings with { HubFamily = "tencentpretrain" }).Build(new(0));
        copy.CopyWeightsFrom(model);
        var folder = Save(copy, name);
        var config = Path.Combine(folder, "config.json");
        var json = JsonNode.Parse(File.ReadAllText(config))!.AsObject();
        Assert.Equal("tencentpretrain", json["model_type"]!.GetValue<string>());
        json.Remove(HubFolder.SettingsKey);
        File.WriteAllText(config, json.ToJsonString());
        return folder;
    }

    private string Save(IModel model, string name)
    {
        var folder = _scratch.File(name);
        Checkpoint.Save(folder, new() { Model = model, Lineage = new() { Method = "copy", Settings = "", Seed = 1 } });
        return folder;
    }
}
