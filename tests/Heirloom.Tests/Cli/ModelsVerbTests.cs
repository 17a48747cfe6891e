using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Heirloom.Checkpoints;
using Heirloom.Cli;
using Heirloom.Models;
using Heirloom.Models.Text;
using static TorchSharp.torch;

namespace Heirloom.Tests.Cli;

public sealed class ModelsVerbTests : IDisposable
{
    private readonly Terminal _terminal = new();

    private string Runs => Path.Combine(_terminal.Folder, "runs");

    public void Dispose() => _terminal.Dispose();

    [Fact]
    public void List_finds_models_under_the_runs()
    {
        Assert.StartsWith("no models under", _terminal.Run("models", "list").Out);
        Save("a/checkpoint");
        var json = JsonNode.Parse(_terminal.Run("models", "list", "--json").Out)!.AsArray();
        Assert.Equal("llama", Assert.Single(json)!["family"]!.GetValue<string>());
        Assert.Contains("pretrain, step 12", _terminal.Run("models", "list").Out);
        Assert.Equal(ExitCode.UserError, _terminal.Run("models", "list", "nowhere").Code);
    }

    [Fact]
    public void Show_gives_settings_and_origin()
    {
        var folder = Save("a");
        var shown = _terminal.Run("models", "show", folder).Out;
        Assert.Contains("kind: decoder", shown);
        Assert.Contains("score: perplexity 12.5", shown);
        Assert.Equal(ExitCode.UserError, _terminal.Run("models", "show", Runs).Code);
    }

    [Fact]
    public void Inspect_finds_what_is_wrong()
    {
        var folder = Save("a");
        var (code, text, _) = _terminal.Run("models", "inspect", folder);
        Assert.Equal(ExitCode.Ok, code);
        Assert.Contains("vocabulary: 19", text);
        Assert.Contains("no problems found: weights and configuration fit", text);

        File.Delete(Path.Combine(folder, "model.safetensors"));
        Safetensors.Write(Path.Combine(folder, "model.safetensors"), [new("model.norm.weight", zeros(7))]);
        (code, text, _) = _terminal.Run("models", "inspect", folder);
        Assert.Equal(ExitCode.CheckFailed, code);
        Assert.Contains("problem: norm.weight is [7] in the file (model.norm.weight), the configuration says [16]", text);
    }

    [Fact]
    public void Inspect_reads_pickles_and_single_files_and_estimates_memory()
    {
        var file = Path.Combine(Checkout.Root, "tests", "Heirloom.Tests", "References", "pickles", "stream.pt");
        var (code, text, _) = _terminal.Run("models", "inspect", file);
        Assert.Equal(ExitCode.Ok, code);
        Assert.Contains("module.0.weight", text);
        Assert.Contains("BF16 5", text);

        var json = JsonNode.Parse(_terminal.Run("models", "inspect", Save("a"), "--batch", "2", "--length", "8", "--json").Out)!;
        var memory = json["memory"]!;
        var parameters = json["parameters"]!.GetValue<long>();
        Assert.Equal((4 * parameters, 8 * parameters), (memory["gradients"]!.GetValue<long>(), memory["optimizer"]!.GetValue<long>()));
        Assert.Equal(16 * parameters, json["train_bytes"]!.GetValue<long>());
        Assert.True(memory["activations"]!["train"]!.GetValue<long>() > memory["activations"]!["run"]!.GetValue<long>());
        Assert.Equal(ExitCode.UserError, _terminal.Run("models", "inspect", file, "--batch", "0").Code);
        Assert.Equal(ExitCode.UserError, _terminal.Run("models", "inspect", "nowhere").Code);
    }

    [Fact]
    public void Lineage_draws_the_family()
    {
        var parent = Save("a");
        var hash = LineageFile.Read(parent)!.Weights;
        var child = Save("b", new LineageParent(hash, "elsewhere", "start"));
        var svg = Path.Combine(_terminal.Folder, "tree.svg");
        var (code, text, _) = _terminal.Run("models", "lineage", child, "--svg", svg);
        Assert.Equal(ExitCode.Ok, code);
        Assert.Contains($"└─ start: a  pretrain, step 12  {hash[..12]}", text);
        Assert.StartsWith("<svg", File.ReadAllText(svg));
    }

    [Fact]
    public void Parity_compares_with_references()
    {
        var folder = Save("a");
        using var scope = NewDisposeScope();
        var ids = arange(12).view(2, 6);
        var model = Checkpoint.LoadAs<ICausalLM>(folder).Model;
        var logits = model.Head(model.Encode(new TokenInputs(ids))).detach();
        Safetensors.Write(Path.Combine(folder, Parity.FileName), [new("in.input_ids", ids), new("out.logits", logits)]);
        Assert.Equal(ExitCode.Ok, _terminal.Run("models", "parity", folder).Code);
        Safetensors.Write(Path.Combine(folder, Parity.FileName), [new("in.input_ids", ids), new("out.logits", logits.add(0.01))]);
        var (code, text, _) = _terminal.Run("models", "parity", folder, "--json");
        Assert.Equal(ExitCode.CheckFailed, code);
        Assert.Contains("\"passes\": false", text);
        Assert.Equal(ExitCode.Ok, _terminal.Run("models", "parity", folder, "--tolerance", "0.1").Code);

        // a folder of folders, as lines of a table
        var table = Path.Combine(Path.GetDirectoryName(folder)!, "table.md");
        var (worst, lines, _) = _terminal.Run("models", "parity", Path.GetDirectoryName(folder)!, folder, "--json", "--table", table);
        Assert.Equal((ExitCode.CheckFailed, 2), (worst, JsonNode.Parse(lines)!.AsArray().Count));
        Assert.Equal(2, File.ReadAllLines(table).Count(l => l.Contains($"| {Path.GetFileName(folder)} |", StringComparison.Ordinal)));
    }

    [Fact]
    public void Convert_goes_through_the_zoos_and_comes_back()
    {
        var bert = Path.Combine(Checkout.Root, "tests", "Heirloom.Tests", "References", "parity", "bert-pretraining");
        var (parts, theirs, back) = (Path.Combine(_terminal.Folder, "parts"), Path.Combine(_terminal.Folder, "theirs"), Path.Combine(_terminal.Folder, "back"));
        Assert.Equal((ExitCode.Ok, parts), (_terminal.Run("models", "convert", bert, "--to", "assembly", "--out", parts).Code, parts));
        Assert.Equal(ExitCode.Ok, _terminal.Run("models", "convert", parts, "--to", "tencentpretrain", "--out", theirs).Code);
        Assert.Equal(ExitCode.Ok, _terminal.Run("models", "convert", theirs, "--to", "family", "--out", back).Code);
        Assert.Contains("kind: assembled", _terminal.Run("models", "show", theirs).Out);
        Assert.Contains("\"tencentpretrain\"", _terminal.Run("models", "list", _terminal.Folder, "--json").Out);
        using var before = WeightsFolder.Open(bert);
        using var after = WeightsFolder.Open(back);
        Assert.Equal(before.Entries.Keys.Order(), after.Entries.Keys.Order());
        Assert.All(before.Entries.Keys, name => Assert.True(before.Read(name).bytes.SequenceEqual(after.Read(name).bytes), name));
        Assert.Equal("convert/family", LineageFile.Read(back)!.Method);

        var (code, _, error) = _terminal.Run("models", "convert", Save("plain"), "--to", "nonsense", "--out", back);
        Assert.Equal(ExitCode.UserError, code);
        Assert.Contains("nonsense", error);
    }

    private string Save(string name, params LineageParent[] parents)
    {
        using var scope = NewDisposeScope();
        var folder = Path.Combine(Runs, name);
        Checkpoint.Save(folder, new()
        {
            Model = DecoderConfig.Llama(vocabulary: 19, context: 16, width: 16, layers: 1, heads: 2).Build(new Seed((ulong)parents.Length)),
            Lineage = new() { Method = "pretrain", Settings = "", Seed = 1, Step = 12, Parents = [.. parents], Scores = new Dictionary<string, double> { ["perplexity"] = 12.5 }.ToImmutableSortedDictionary() },
        });
        return folder;
    }
}
