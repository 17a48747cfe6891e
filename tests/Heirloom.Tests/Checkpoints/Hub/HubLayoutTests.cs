using System.Text.Json.Nodes;
using Heirloom.Checkpoints;
using Heirloom.Checkpoints.Hub;
using Heirloom.Models;
using Heirloom.Models.Heads;
using Heirloom.Models.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Tests.Checkpoints.Hub;

public sealed class HubLayoutTests : IDisposable
{
    private readonly Scratch _scratch = new();
    private readonly DisposeScope _scope = NewDisposeScope();

    public static TheoryData<string> Names => [.. HubExamples.All.Keys];

    public static TheoryData<string> Families => [.. HubExamples.All.Where(pair => pair.Value.Type != HeirloomLayout.Type).Select(pair => pair.Key)];

    private string Folder => _scratch.File("model");

    public void Dispose()
    {
        _scope.Dispose();
        _scratch.Dispose();
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Saving_loading_and_saving_again_changes_no_byte(string name)
    {
        var (type, config) = HubExamples.All[name];
        var model = Build(config);
        var hash = Save(model, Folder);
        Assert.Equal(type, Json("config.json")["model_type"]!.GetValue<string>());
        var loaded = Checkpoint.Load(Folder);
        Assert.True(loaded.Report.IsExact, loaded.Report.ToString());
        Assert.Equal(hash, loaded.WeightsHash);
        Assert.Equal(Settings.ToYaml(config), Settings.ToYaml(loaded.Model.Config));
        AssertSame(model, loaded.Model);
        Save(loaded.Model, _scratch.File("again"));
        Assert.Equal(File.ReadAllBytes(Path.Combine(Folder, "model.safetensors")), File.ReadAllBytes(_scratch.File("again", "model.safetensors")));
        Assert.Equal(File.ReadAllBytes(Path.Combine(Folder, "config.json")), File.ReadAllBytes(_scratch.File("again", "config.json")));
    }

    /// <summary>A folder of another tool has no settings of ours; what it computes is all there.</summary>
    [Theory]
    [MemberData(nameof(Families))]
    public void The_hub_keys_alone_give_the_same_model(string name)
    {
        var (_, config) = HubExamples.All[name];
        var model = Build(config);
        Save(model, Folder);
        Edit("config.json", json => json.Remove("heirloom"));
        var loaded = Checkpoint.Load(Folder);
        Assert.True(loaded.Report.IsExact, loaded.Report.ToString());
        AssertSame(model, loaded.Model);
        var layout = HubFolder.LayoutOf(config);
        Assert.Equal(Settings.ToYaml(layout.Essence(config)!), Settings.ToYaml(layout.Essence(loaded.Model.Config)!));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Sixteen_bit_shards_load_as_they_were_stored(string name)
    {
        var model = Build(HubExamples.All[name].Config);
        foreach (var type in (ScalarType[])[ScalarType.Float16, ScalarType.BFloat16])
        {
            var folder = _scratch.File($"{type}");
            Checkpoint.Save(folder, new() { Model = model, Lineage = Made, Type = type, MaxShardBytes = 2000 });
            Assert.True(Directory.GetFiles(folder, "*.safetensors").Length > 1);
            var loaded = Checkpoint.Load(folder);
            Assert.True(loaded.Report.IsExact, loaded.Report.ToString());
            Assert.All(model.Module.state_dict(), pair => Assert.True(pair.Value.to(type).equal(loaded.Model.Module.state_dict()[pair.Key]).all().item<bool>(), pair.Key));
        }
    }

    [Theory]
    [InlineData("bert", "bert.")]
    [InlineData("gpt2", "transformer.")]
    [InlineData("llama", "model.")]
    [InlineData("vit", "vit.")]
    public void Missing_and_wrapping_prefixes_are_tolerated_and_reported(string name, string prefix)
    {
        var model = Build(HubExamples.All[name].Config);
        Save(model, Folder);
        foreach (var rename in (Func<string, string>[])
        [
            key => key.StartsWith(prefix, StringComparison.Ordinal) ? key[prefix.Length..] : key,
            key => "module." + key,
        ])
        {
            Save(model, Folder);
            Rename(rename);
            var loaded = Checkpoint.Load(Folder);
            Assert.NotEmpty(loaded.Report.Renamed);
            Assert.Empty(loaded.Report.Missing);
            Assert.Empty(loaded.Report.Unused);
            AssertSame(model, loaded.Model);
        }
    }

    [Fact]
    public void Gamma_and_beta_are_weight_and_bias_of_norms()
    {
        var model = Build(HubExamples.All["bert"].Config);
        Save(model, Folder);
        Rename(key => key.Replace("LayerNorm.weight", "LayerNorm.gamma").Replace("LayerNorm.bias", "LayerNorm.beta"));
        var loaded = Checkpoint.Load(Folder);
        Assert.Contains(("bert.embeddings.LayerNorm.gamma", "bert.embeddings.LayerNorm.weight"), loaded.Report.Renamed);
        Assert.Equal(12, loaded.Report.Renamed.Length);
        AssertSame(model, loaded.Model);
    }

    [Fact]
    public void Two_names_for_one_tensor_are_refused()
    {
        Save(Build(HubExamples.All["bert"].Config), Folder);
        Add(("module.bert.embeddings.LayerNorm.bias", zeros(16)));
        Assert.Contains("'bert.embeddings.LayerNorm.bias' and 'module.bert.embeddings.LayerNorm.bias' both stand for 'bert.embeddings.LayerNorm.bias'", Load());
    }

    [Fact]
    public void A_copy_of_a_tied_head_is_reported_when_equal_and_refused_when_not()
    {
        var model = Build(HubExamples.All["gpt2"].Config);
        Save(model, Folder);
        Add(("lm_head.weight", model.Module.state_dict()["embedding.weight"]), ("transformer.h.0.attn.bias", ones(1, 1, 24, 24).tril()));
        var loaded = Checkpoint.Load(Folder);
        Assert.Equal([("transformer.h.0.attn.bias", "computed, not stored"), ("lm_head.weight", "repeats transformer.wte.weight")], loaded.Report.Unused);
        AssertSame(model, loaded.Model);

        Save(model, Folder);
        Add(("lm_head.weight", zeros(37, 16)));
        Assert.Contains("the configuration ties lm_head.weight to transformer.wte.weight, but the file holds different values", Load());
    }

    [Fact]
    public void A_tied_tensor_may_lie_under_the_name_of_its_copy()
    {
        var model = Build(HubExamples.All["t5"].Config);
        Save(model, Folder);
        Rename(key => key == "shared.weight" ? "encoder.embed_tokens.weight" : key);
        var loaded = Checkpoint.Load(Folder);
        Assert.Equal([("encoder.embed_tokens.weight", "shared.weight")], loaded.Report.Renamed);
        AssertSame(model, loaded.Model);
    }

    [Fact]
    public void Torchvision_names_are_read()
    {
        var model = Build(HubExamples.All["vit"].Config);
        Save(model, Folder);
        var layout = HubFolder.LayoutOf(model.Config);
        var map = layout.Maps(model.Config, new(() => []))[1];
        var state = model.Module.state_dict();
        Safetensors.Write(Path.Combine(Folder, "model.safetensors"), map.Rules.Select(rule => new KeyValuePair<string, Tensor>(
            rule.Hub.Replace("mlp.0.", "mlp.linear_1."), rule.Transform.Join([.. rule.Ours.Select(o => state[o.Name])]))));
        File.Delete(Path.Combine(Folder, "lineage.json"));
        var loaded = Checkpoint.Load(Folder);
        Assert.Equal(["the file uses another naming of the same family"], loaded.Report.Notes);
        Assert.Equal(4, loaded.Report.Renamed.Length);
        AssertSame(model, loaded.Model);
    }

    [Fact]
    public void A_classifier_needs_no_vocabulary_head_and_a_language_model_does()
    {
        var classifier = Build(new TokenClassifierConfig { Encoder = (EncoderConfig)HubExamples.All["bert"].Config, Classes = 4 });
        Save(classifier, Folder);
        Keep(name => !name.StartsWith("cls.", StringComparison.Ordinal));
        var loaded = Checkpoint.Load(Folder);
        Assert.Equal(["encoder.head.bias", "encoder.head_norm.bias", "encoder.head_norm.weight", "encoder.head_transform.bias", "encoder.head_transform.weight"],
            loaded.Report.Missing.Order());

        Save(Build(HubExamples.All["bert"].Config), Folder);
        Keep(name => !name.StartsWith("cls.", StringComparison.Ordinal));
        Assert.Contains("head_transform.weight is missing from the weights (cls.predictions.transform.dense.weight) (and 4 more)", Load());
        Assert.Equal(5, Checkpoint.Load(Folder, new() { Fresh = ["head"], Seed = new Seed(1) }).Report.Missing.Length);
    }

    [Fact]
    public void An_architecture_with_an_unknown_head_is_the_model_under_it_and_the_report_says_so()
    {
        var model = Build(HubExamples.All["bert-sequence"].Config);
        Save(model, Folder);
        Edit("config.json", json =>
        {
            json.Remove("heirloom");
            json["architectures"] = new JsonArray("BertForSomethingNew");
        });
        var loaded = Checkpoint.Load(Folder);
        Assert.IsType<Encoder>(loaded.Model);
        Assert.Equal(["the head of BertForSomethingNew is not known: this is the model under it"], loaded.Report.Notes);
        Assert.Equal(["classifier.bias", "classifier.weight"], loaded.Report.Unused.Select(u => u.Name).Order());
        Assert.Empty(loaded.Report.Missing);
    }

    [Fact]
    public void Configuration_and_weights_that_differ_are_named_before_anything_is_built()
    {
        Save(Build(HubExamples.Llama), Folder);
        Edit("config.json", json =>
        {
            json.Remove("heirloom");
            // a model of this size could not be built here
            json["hidden_size"] = 1_000_000_000;
            json["head_dim"] = 4;
        });
        Assert.Contains("embedding.weight is [37, 16] in the file (model.embed_tokens.weight), the configuration says [37, 1000000000]", Load());
    }

    [Fact]
    public void Settings_of_ours_that_contradict_the_hub_keys_are_refused()
    {
        Save(Build(HubExamples.Llama), Folder);
        Edit("config.json", json => json["rms_norm_eps"] = 0.5);
        Assert.Contains("the settings under 'heirloom' describe another model than the keys beside them", Load());
    }

    [Theory]
    [InlineData("llama", "rope_parameters", """{"rope_type":"longrope","factor":4}""", "rope_parameters: 'rope_type' is longrope, which is not supported yet; supported: default, linear")]
    [InlineData("llama", "rope_parameters", """{"type":"yarn"}""", "rope_parameters: lacks 'factor'; its type of scaling needs it")]
    [InlineData("llama", "rope_parameters", """{"rope_type":"llama3","factor":8,"low_freq_factor":1}""", "rope_parameters: lacks 'high_freq_factor'; its type of scaling needs it")]
    [InlineData("llama", "rope_parameters", """{"rope_type":"linear","factor":"4"}""", "rope_parameters: 'factor' is 4; it has to be a number")]
    [InlineData("llama", "partial_rotary_factor", "0.5", "'partial_rotary_factor' is 0.5; it has to be a number from 1 to 1")]
    [InlineData("qwen2-windows", "layer_types", """["full_attention"]""", "'layer_types' has to be 2 times sliding_attention or full_attention")]
    [InlineData("llama", "num_key_value_heads", "3", "4 heads do not share 3 key and value heads evenly")]
    [InlineData("llama", "hidden_act", "\"mish\"", "'hidden_act' is 'mish', which is not supported; supported: gelu")]
    [InlineData("llama", "hidden_size", "-4", "'hidden_size' is -4; it has to be a whole number from 1 to")]
    [InlineData("llama", "hidden_size", "\"16\"", "'hidden_size' is 16; it has to be a whole number")]
    [InlineData("llama", "hidden_size", "16.5", "'hidden_size' is 16.5; it has to be a whole number")]
    [InlineData("llama", "hidden_size", "1e300", "'hidden_size' is 1e300; it has to be a whole number from 1 to")]
    [InlineData("llama", "hidden_size", "null", "lacks 'hidden_size'")]
    [InlineData("llama", "num_hidden_layers", "2000000000", "'num_hidden_layers' is 2000000000; it has to be a whole number from 1 to 10000")]
    [InlineData("gpt2", "add_cross_attention", "true", "'add_cross_attention' is true, which is not supported yet")]
    [InlineData("bert", "position_embedding_type", "\"relative_key\"", "'position_embedding_type' is relative_key, which is not supported yet")]
    [InlineData("t5", "feed_forward_proj", "\"gated-mish\"", "'feed_forward_proj' names an activation that is not supported")]
    public void A_hub_configuration_that_we_cannot_compute_is_one_line(string name, string key, string value, string expected)
    {
        Save(Build(HubExamples.All[name].Config), Folder);
        Edit("config.json", json =>
        {
            json.Remove("heirloom");
            json[key] = JsonNode.Parse(value);
        });
        Assert.Contains(expected, Load());
    }

    [Fact]
    public void Older_and_newer_rotary_keys_are_read()
    {
        Save(Build(HubExamples.Llama), Folder);
        Edit("config.json", json =>
        {
            json.Remove("heirloom");
            json.Remove("rope_parameters");
            json["rope_theta"] = 5000;
        });
        Assert.Equal(new Heirloom.Layers.RotaryPositionsConfig { Base = 5000 }, ((DecoderConfig)Checkpoint.ReadConfig(Folder)).Positions);
        Edit("config.json", json => json["rope_parameters"] = JsonNode.Parse("""{"rope_type":"default","rope_theta":7000.0}"""));
        Assert.Equal(new Heirloom.Layers.RotaryPositionsConfig { Base = 7000 }, ((DecoderConfig)Checkpoint.ReadConfig(Folder)).Positions);
    }

    [Fact]
    public void An_architecture_stands_in_for_a_model_type()
    {
        Save(Build(HubExamples.Llama), Folder);
        Edit("config.json", json => json.Remove("model_type"));
        Assert.IsType<Decoder>(Checkpoint.Load(Folder).Model);
    }

    [Fact]
    public void An_architecture_that_is_not_the_first_says_no_model_type()
    {
        Save(Build(HubExamples.Llama), Folder);
        Edit("config.json", json =>
        {
            json.Remove("heirloom");
            json.Remove("model_type");
            json["architectures"] = new JsonArray("Something", "LlamaForCausalLM");
        });
        Assert.Contains("lacks 'model_type', and its first architecture, Something, does not say it", Load());
    }

    [Fact]
    public void A_scaling_without_a_length_is_from_the_familys_own()
    {
        Save(Build(HubExamples.All["mistral"].Config), Folder);
        Edit("config.json", json =>
        {
            json.Remove("heirloom");
            json.Remove("max_position_embeddings");
            json["rope_parameters"] = JsonNode.Parse("""{"rope_type":"yarn","factor":2}""");
        });
        var config = (DecoderConfig)Checkpoint.ReadConfig(Folder);
        Assert.Equal(2 * 131072, config.ContextLength);
        Assert.Equal(131072, Assert.IsType<Heirloom.Layers.YarnRotaryScalingConfig>(((Heirloom.Layers.RotaryPositionsConfig)config.Positions).Scaling).OriginalLength);
    }

    [Theory]
    [InlineData("mistral", "attention_bias")]
    [InlineData("qwen3", "mlp_bias")]
    public void Biases_that_a_family_does_not_know_are_none(string name, string key)
    {
        var model = Build(HubExamples.All[name].Config);
        Save(model, Folder);
        Edit("config.json", json =>
        {
            json.Remove("heirloom");
            json[key] = true;
        });
        AssertSame(model, Checkpoint.Load(Folder).Model);
    }

    [Fact]
    public void DistilBerts_token_head_drops_what_its_layers_drop()
    {
        var encoder = EncoderConfig.DistilBert(37, 24, 16, 2, 4) with { Head = false };
        encoder = encoder with { Block = encoder.Block with { Dropout = 0.15 } };
        Save(Build(new TokenClassifierConfig { Encoder = encoder, Classes = 3, Dropout = 0.3 }), Folder);
        Assert.Equal(0.15, Json("config.json")["dropout"]!.GetValue<double>());
        Edit("config.json", json =>
        {
            json.Remove("heirloom");
            json.Remove("dropout");
        });
        Assert.Equal(0.1, Assert.IsType<TokenClassifierConfig>(Checkpoint.ReadConfig(Folder)).Dropout);
    }

    private static Lineage Made => new() { Method = "pretrain", Settings = "", Seed = 1 };

    /// <summary>Biases and norms too are random, or a swap of two would go unseen.</summary>
    private static IModel Build(ModelConfig config)
    {
        var model = config.Build(new Seed(5));
        using var frozen = no_grad();
        foreach (var (name, parameter) in model.Module.named_parameters())
        {
            using var generator = new Seed(6).For(name).Generator();
            parameter.normal_(generator: generator);
        }

        return model;
    }

    private static string Save(IModel model, string folder) => Checkpoint.Save(folder, new() { Model = model, Lineage = Made });

    private static void AssertSame(IModel a, IModel b)
    {
        var (left, right) = (a.Module.state_dict(), b.Module.state_dict());
        Assert.Equal(left.Keys.Order(), right.Keys.Order());
        Assert.All(left, pair => Assert.True(pair.Value.dtype == right[pair.Key].dtype && pair.Value.equal(right[pair.Key]).all().item<bool>(), pair.Key));
    }

    private string Load() => Assert.Throws<UserError>(() => Checkpoint.Load(Folder)).Message;

    private JsonObject Json(string file) => JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, file)))!.AsObject();

    private void Edit(string file, Action<JsonObject> edit)
    {
        var json = Json(file);
        edit(json);
        File.WriteAllText(Path.Combine(Folder, file), json.ToJsonString());
    }

    private void Rename(Func<string, string> rename) => Rewrite(tensors => tensors.Select(t => KeyValuePair.Create(rename(t.Key), t.Value)));

    private void Keep(Func<string, bool> keep) => Rewrite(tensors => tensors.Where(t => keep(t.Key)));

    private void Add(params (string Name, Tensor Tensor)[] added) => Rewrite(tensors => tensors.Concat(added.Select(a => KeyValuePair.Create(a.Name, a.Tensor))));

    private void Rewrite(Func<IEnumerable<KeyValuePair<string, Tensor>>, IEnumerable<KeyValuePair<string, Tensor>>> change)
    {
        var path = Path.Combine(Folder, "model.safetensors");
        List<KeyValuePair<string, Tensor>> tensors;
        using (var file = Safetensors.Open(path))
        {
            tensors = [.. change(file.Entries.Keys.Select(name => KeyValuePair.Create(name, file.Read(name))))];
        }

        Safetensors.Write(path, tensors);
        // without it: the weights are not those that it describes
        File.Delete(Path.Combine(Folder, "lineage.json"));
    }
}
