using System.Text.Json.Nodes;
using Heirloom.Checkpoints;
using Heirloom.Cli;
using Heirloom.Models;
using Heirloom.Tests.Generation;
using static TorchSharp.torch;

namespace Heirloom.Tests.Cli;

public sealed class ModelArithmeticTests : IDisposable
{
    private readonly Terminal _terminal = new();
    private readonly string _base, _a, _b, _text;

    public ModelArithmeticTests()
    {
        _base = Save("base", null);
        _a = Save("a", 1);
        _b = Save("b", 2);
        _text = _terminal.Write("text.txt", string.Join("\n\n", Enumerable.Repeat("the cat sat on the mat\n\nthe dog sat on the log", 8)));
    }

    private string Out => Path.Combine(_terminal.Folder, "out");

    public void Dispose() => _terminal.Dispose();

    [Fact]
    public void A_soup_is_the_mean_and_a_greedy_one_no_worse_than_its_best()
    {
        var (code, text, _) = _terminal.Run("model", "soup", _a, _b, "--out", Out);
        Assert.Equal(ExitCode.Ok, code);
        Assert.Contains($"the mean of {_a}, {_b}", text);
        Near(0.5, 0.5, 0);

        (code, text, _) = _terminal.Run("model", "soup", _a, _b, "--out", Out, "--validation", _text, "--rows", "4");
        Assert.Equal(ExitCode.Ok, code);
        var scores = text.Split('\n').Where(l => l.Contains("perplexity")).Select(l => double.Parse(l.Split(' ')[^1], System.Globalization.CultureInfo.InvariantCulture)).ToList();
        Assert.Equal(3, scores.Count);
        Assert.Equal(scores[2] <= scores.Min(), text.Contains(" + ", StringComparison.Ordinal) && text.Split("the mean of ")[1].Contains(", /"));
    }

    [Fact]
    public void Task_vectors_add_negate_and_make_analogies()
    {
        Assert.Equal(ExitCode.Ok, _terminal.Run("model", "add", _a, _b, "--base", _base, "--scale", "0.4", "--out", Out).Code);
        Near(0.4, 0.4, 0.2);
        Assert.Equal(ExitCode.Ok, _terminal.Run("model", "negate", _a, "--base", _base, "--scale", "0.5", "--out", Out).Code);
        Near(-0.5, 0, 1.5);
        Assert.Equal(ExitCode.Ok, _terminal.Run("model", "analogy", _a, _b, _b, "--base", _base, "--scale", "1", "--out", Out, "--any-base").Code);
        Near(-1, 2, 0);
    }

    [Fact]
    public void Scales_are_chosen_on_held_out_text()
    {
        var (code, text, error) = _terminal.Run("model", "add", _a, "--base", _base, "--validation", _text, "--rows", "2", "--out", Out);
        Assert.True(code == ExitCode.Ok, error);
        var tried = text.Split('\n').Where(l => l.StartsWith("  tried", StringComparison.Ordinal)).ToList();
        Assert.Equal(21, tried.Count);
        var best = tried.Index().MinBy(t => double.Parse(t.Item.Split(' ')[^1], System.Globalization.CultureInfo.InvariantCulture)).Index * 0.05;
        Assert.Contains(FormattableString.Invariant($"+ {best:0.###} ×"), text, StringComparison.Ordinal);

        (code, text, error) = _terminal.Run("model", "negate", _a, "--base", _base, "--target", _text, "--control", _text, "--keep", "0.9", "--rows", "2", "--out", Out);
        Assert.True(code == ExitCode.Ok, error);
        Assert.Contains("control, before: perplexity", text);
    }

    [Fact]
    public void A_diff_shows_tensors_angles_and_likeness()
    {
        var svg = Path.Combine(_terminal.Folder, "diff.svg");
        var (code, text, _) = _terminal.Run("model", "diff", _a, _b, "--base", _base, "--text", _text, "--svg", svg);
        Assert.Equal(ExitCode.Ok, code);
        Assert.Contains("cosine of task vectors", text);
        Assert.Contains("linear CKA of the last layer's vectors: ", text);
        Assert.StartsWith("<svg", File.ReadAllText(svg));
        var json = JsonNode.Parse(_terminal.Run("model", "diff", _a, _a, "--text", _text, "--json").Out)!;
        Assert.Equal((0, 1), (json["all"]!["distance"]!.GetValue<double>(), Math.Round(json["cka"]!.GetValue<double>(), 6)));
        Assert.True(json["tensors"]!.AsArray().Count > 10);
    }

    [Theory]
    [InlineData("give --scale, or files to score on", "model", "add", "A", "--base", "BASE", "--out", "OUT")]
    [InlineData("needs both --target and --control", "model", "negate", "A", "--base", "BASE", "--out", "OUT", "--target", "TEXT")]
    [InlineData("--keep: must be more than 0 and at most 1", "model", "negate", "A", "--base", "BASE", "--out", "OUT", "--keep", "0")]
    [InlineData("by its lineage a was not made from b", "model", "add", "A", "--base", "B", "--out", "OUT", "--scale", "1")]
    [InlineData("no such folder", "model", "diff", "A", "nowhere")]
    public void Refuses_with_one_line(string message, params string[] words)
    {
        var names = new Dictionary<string, string> { ["A"] = _a, ["B"] = _b, ["BASE"] = _base, ["OUT"] = Out, ["TEXT"] = _text };
        var (code, _, error) = _terminal.Run([.. words.Select(w => names.GetValueOrDefault(w, w))]);
        Assert.Equal(ExitCode.UserError, code);
        Assert.Contains(message, error.Replace(_a, "a", StringComparison.Ordinal).Replace(_b, "b", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.False(Directory.Exists(Out));
    }

    /// <summary>The result is this combination of the models.</summary>
    private void Near(double a, double b, double start)
    {
        using var scope = NewDisposeScope();
        using IWeights merged = WeightsFolder.Open(Out), one = WeightsFolder.Open(_a), two = WeightsFolder.Open(_b), origin = WeightsFolder.Open(_base);
        Assert.All(merged.Entries.Keys, n => Assert.True(allclose(merged.Read(n), (a * one.Read(n)) + (b * two.Read(n)) + (start * origin.Read(n)), atol: 1e-5), n));
    }

    private string Save(string name, ulong? noise)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var folder = Path.Combine(_terminal.Folder, name);
        var model = TinyText.Model();
        if (noise is { } seed)
        {
            using var generator = new Seed(seed).Generator();
            foreach (var parameter in model.parameters())
            {
                parameter.add_(0.1 * randn(parameter.shape, generator: generator));
            }
        }

        Checkpoint.Save(folder, new()
        {
            Model = model,
            Parts = [TinyText.Tokenizer],
            Lineage = new() { Method = "fine-tune", Settings = "", Seed = 1, Parents = noise is null ? [] : [new(LineageFile.Read(_base)!.Weights, _base, "start")] },
        });
        return folder;
    }
}
