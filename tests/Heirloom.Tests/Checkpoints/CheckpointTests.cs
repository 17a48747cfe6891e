using System.Text.Json.Nodes;
using Heirloom.Checkpoints;
using Heirloom.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Tests.Checkpoints;

public sealed class CheckpointTests : IDisposable
{
    private readonly Scratch _scratch = new();
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose()
    {
        _scope.Dispose();
        _scratch.Dispose();
    }

    private static Lineage Made => new() { Method = "pretrain", Settings = "steps: 3\n", Seed = 7 };

    private string Folder => _scratch.File("model");

    [Fact]
    public void Load_gives_back_configuration_values_lineage_and_hash()
    {
        var model = Tiny();
        var lineage = Made with
        {
            Parents = [new("abc", "../parent", "start")],
            Licenses = ["CC-BY-4.0"],
            Scores = Made.Scores.Add("perplexity", 12.5).Add("diverged", double.NaN),
            Data = Made.Data.Add("brown", "0123"),
        };
        var hash = Checkpoint.Save(Folder, new() { Model = model, Lineage = lineage });
        var loaded = Checkpoint.Load(Folder);
        Assert.Equal(model.Config, loaded.Model.Config);
        Assert.True(loaded.Report.IsExact, loaded.Report.ToString());
        Assert.Equal(5, loaded.Report.Loaded.Length);
        Assert.Equal(hash, loaded.WeightsHash);
        Assert.Equal(LineageFile.Write(lineage with { Weights = hash }), LineageFile.Write(loaded.Lineage!));
        Assert.False(loaded.Model.Module.training);
        AssertSame(model, loaded.Model);
    }

    [Fact]
    public void Saving_what_was_loaded_gives_the_same_files()
    {
        Checkpoint.Save(Folder, new() { Model = Tiny(), Lineage = Made });
        var loaded = Checkpoint.Load(Folder);
        Checkpoint.Save(_scratch.File("again"), new() { Model = loaded.Model, Lineage = loaded.Lineage! });
        foreach (var name in (string[])["config.json", "model.safetensors", "lineage.json"])
        {
            Assert.Equal(File.ReadAllBytes(Path.Combine(Folder, name)), File.ReadAllBytes(_scratch.File("again", name)));
        }
    }

    [Fact]
    public void Shards_load_as_one_file_does()
    {
        var model = Tiny();
        var one = Checkpoint.Save(_scratch.File("one"), new() { Model = model, Lineage = Made });
        var many = Checkpoint.Save(Folder, new() { Model = model, Lineage = Made, MaxShardBytes = 40 });
        Assert.Equal(one, many);
        Assert.False(File.Exists(Path.Combine(Folder, "model.safetensors")));
        AssertSame(model, Checkpoint.Load(Folder).Model);
    }

    [Fact]
    public void Types_are_kept_or_converted_as_asked_and_reported()
    {
        var model = Tiny();
        Checkpoint.Save(Folder, new() { Model = model, Lineage = Made, Type = ScalarType.BFloat16 });
        var kept = Checkpoint.Load(Folder);
        Assert.True(kept.Report.IsExact);
        Assert.All(kept.Model.Module.parameters(), p => Assert.Equal(ScalarType.BFloat16, p.dtype));
        var converted = Checkpoint.Load(Folder, new() { Type = ScalarType.Float32 });
        Assert.Equal(4, converted.Report.Converted.Length);
        Assert.Contains(("body.bias", "BF16 to F32"), converted.Report.Converted);
        var first = model.Module.parameters().First();
        Assert.True(first.to(bfloat16).to(float32).equal(converted.Model.Module.parameters().First()).all().item<bool>());
    }

    [Fact]
    public void A_missing_part_is_an_error_unless_it_may_start_afresh()
    {
        var model = Tiny();
        Checkpoint.Save(Folder, new() { Model = model, Lineage = Made });
        var options = new LoadOptions { Configure = config => (CheckpointToyConfig)config with { Classes = 5 } };
        var message = Assert.Throws<UserError>(() => Checkpoint.Load(Folder, options)).Message;
        Assert.Contains("classifier.weight is [3, 4] in the file (classifier.weight), the configuration says [5, 4] (and 1 more)", message);

        var fresh = Checkpoint.Load(Folder, options with { Fresh = ["classifier"], Seed = new Seed(3) });
        Assert.Equal(["classifier.bias", "classifier.weight"], fresh.Report.Missing.Order());
        Assert.Equal(["body.bias", "body.weight", "counter"], fresh.Report.Loaded.Order());
        var expected = new CheckpointToy(new() { Classes = 5 }, new Seed(3)).state_dict()["classifier.weight"];
        Assert.True(expected.equal(fresh.Model.Module.state_dict()["classifier.weight"]).all().item<bool>());
    }

    [Fact]
    public void A_tensor_too_many_is_reported_and_does_not_matter()
    {
        var model = Tiny();
        Checkpoint.Save(Folder, new() { Model = model, Lineage = Made });
        var state = model.Module.state_dict().Append(new("old_head.weight", zeros(3))).ToList();
        Safetensors.Write(Path.Combine(Folder, "model.safetensors"), state);
        var loaded = Checkpoint.Load(Folder);
        Assert.Equal([("old_head.weight", "the configuration has no such part")], loaded.Report.Unused);
        Assert.Contains("changed after it was written", Assert.Single(loaded.Report.Notes));
        AssertSame(model, loaded.Model);
    }

    [Fact]
    public void A_capability_that_the_model_lacks_is_named()
    {
        Checkpoint.Save(Folder, new() { Model = Tiny(), Lineage = Made });
        Assert.Equal(3, Checkpoint.LoadAs<IClassifier<Tensor>>(Folder).Model.Classes);
        Assert.Contains("holds a CheckpointToy, which is no ICausalLM", Assert.Throws<UserError>(() => Checkpoint.LoadAs<ICausalLM>(Folder)).Message);
    }

    [Fact]
    public void A_lineage_of_a_newer_version_is_refused()
    {
        Checkpoint.Save(Folder, new() { Model = Tiny(), Lineage = Made });
        Edit("lineage.json", json =>
        {
            json["format"] = 2;
            json["new_thing"] = 3;
        });
        Assert.Contains("lineage.json: has format 2, newer than the 1 that this version reads; update Heirloom", Load());
    }

    [Theory]
    [InlineData("model_type", "\"mamba\"", "config.json: not supported yet: mamba; supported: ")]
    [InlineData("model_type", "3", "'model_type' is 3; it has to be text")]
    [InlineData("heirloom", "{\"kind\":\"checkpoint_toy\",\"widht\":4}", "unknown key 'widht'; did you mean 'width'?")]
    [InlineData("heirloom", "3", "'heirloom' is 3; it has to be an object")]
    [InlineData("heirloom", "null", "lacks 'heirloom'")]
    public void A_damaged_configuration_is_one_line(string key, string value, string expected)
    {
        Checkpoint.Save(Folder, new() { Model = Tiny(), Lineage = Made });
        Edit("config.json", json => json[key] = JsonNode.Parse(value));
        Assert.Contains(expected, Load());
    }

    [Fact]
    public void Missing_files_are_named()
    {
        Assert.Contains("no such folder", Load());
        Directory.CreateDirectory(Folder);
        Assert.Contains("config.json: no such file", Load());
    }

    [Fact]
    public void An_exception_while_saving_leaves_the_old_folder()
    {
        Checkpoint.Save(Folder, new() { Model = Tiny(), Lineage = Made });
        var before = File.ReadAllBytes(Path.Combine(Folder, "model.safetensors"));
        Assert.Throws<InvalidDataException>(() => Checkpoint.Save(Folder, new() { Model = Tiny(2), Lineage = Made, Parts = [new FailingPart()] }));
        Assert.Equal(before, File.ReadAllBytes(Path.Combine(Folder, "model.safetensors")));
        Assert.Equal([Folder], Directory.GetDirectories(_scratch.Folder));
    }

    [Fact]
    public void A_model_that_is_not_its_configuration_is_not_saved()
    {
        var model = Tiny();
        model.Module.register_buffer("extra", zeros(1));
        var other = new Disguised(model.Module, new CheckpointToyConfig { Width = 5 });
        // a model without a family is written as it stands, under whatever configuration it claims, so only reading can tell
        Checkpoint.Save(Folder, new() { Model = other, Lineage = Made });
        Assert.Contains("the configuration says", Load());
    }

    [Fact]
    public void The_card_says_what_the_hub_and_a_reader_want_to_know()
    {
        Checkpoint.Save(Folder, new()
        {
            Model = Tiny(),
            Lineage = Made with { Licenses = ["MIT", "CC-BY-4.0"], Parents = [new("abc", "../p|q", "start")], IntendedUse = "Tests." },
        });
        var card = File.ReadAllText(Path.Combine(Folder, "README.md"));
        Assert.StartsWith("---\nlibrary_name: heirloom\nlicense: other\npipeline_tag: image-classification\ntags:\n- heirloom\n- \"pretrain\"\n---\n\n# model\n", card);
        Assert.Contains("| start | `abc` | `../p\\|q` |", card);
        Assert.Contains("Intended use: Tests.", card);
        Assert.Contains("steps: 3", card);
    }

    [Fact]
    public void Parts_write_their_files_into_the_folder()
    {
        Checkpoint.Save(Folder, new() { Model = Tiny(), Lineage = Made, Parts = [new TextPart()] });
        Assert.Equal("words", File.ReadAllText(Path.Combine(Folder, "tokenizer.txt")));
    }

    private static IModel Tiny(ulong seed = 1) => new CheckpointToyConfig().Build(new Seed(seed));

    private static void AssertSame(IModel a, IModel b)
    {
        var (left, right) = (a.Module.state_dict(), b.Module.state_dict());
        Assert.Equal(left.Keys.Order(), right.Keys.Order());
        Assert.All(left, pair => Assert.True(pair.Value.dtype == right[pair.Key].dtype && pair.Value.equal(right[pair.Key]).all().item<bool>(), pair.Key));
    }

    private string Load() => Assert.Throws<UserError>(() => Checkpoint.Load(Folder)).Message;

    private void Edit(string file, Action<JsonObject> edit)
    {
        var path = Path.Combine(Folder, file);
        var json = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        edit(json);
        File.WriteAllText(path, json.ToJsonString());
    }

    private sealed class FailingPart : IFolderPart
    {
        public void WriteTo(string folder) => throw new InvalidDataException("as a full tokenizer would");
    }

    private sealed class TextPart : IFolderPart
    {
        public void WriteTo(string folder) => File.WriteAllText(Path.Combine(folder, "tokenizer.txt"), "words");
    }

    private sealed class Disguised(nn.Module module, ModelConfig config) : IModel
    {
        public nn.Module Module => module;

        public ModelConfig Config => config;
    }
}
