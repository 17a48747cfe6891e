using Heirloom.Cli;
using Heirloom.Tests.Reuse;

namespace Heirloom.Tests.Cli;

public sealed class ModelMergeTests : IDisposable
{
    private readonly Terminal _terminal = new();
    private readonly MergeFixture _models = new();

    public ModelMergeTests()
    {
        _models.Save("base", 1);
        _models.Descend("a", 2);
        _models.Descend("b", 3);
    }

    public void Dispose()
    {
        _terminal.Dispose();
        _models.Dispose();
    }

    [Fact]
    public void Merges_models_that_lie_beside_the_recipe_and_shows_their_family()
    {
        var recipe = Path.Combine(_models.Path, "two.yaml");
        File.WriteAllText(recipe, "merge_method: ties\nbase_model: base\nparameters: {weight: 0.5, density: 0.5, gamma: 0.1}\nmodels: [{model: a}, {model: b}]\n");
        var output = Path.Combine(_terminal.Folder, "out");
        var (code, text, error) = _terminal.Run("model", "merge", recipe, "--check");
        Assert.Equal(ExitCode.Ok, code);
        Assert.Contains("ties of 3 models would give", text);
        Assert.False(Directory.Exists(output));

        (code, text, error) = _terminal.Run("model", "merge", recipe, "--out", output, "--memory", "20MB", "--shard", "4KB");
        Assert.Equal(ExitCode.Ok, code);
        Assert.Contains("ties of 3 models", text);
        Assert.Contains("gamma has no effect with ties", error);
        var family = _terminal.Run("models", "lineage", output).Out;
        Assert.Contains("├─ base: base", family);
        Assert.Contains("├─ merged: a", family);
        Assert.Contains("└─ merged: b", family);
        Assert.Equal(ExitCode.Ok, _terminal.Run("models", "inspect", output).Code);
    }

    [Theory]
    [InlineData("recipe.yaml:1:1: unknown key 'merge_metod' in the recipe; did you mean 'merge_method'?", "merge_metod: linear", "--out", "x")]
    [InlineData("give --out FOLDER", "merge_method: linear\nmodels: [{model: a, parameters: {weight: 1}}]")]
    [InlineData("--memory: 'much' is no size", "merge_method: linear\nmodels: [{model: a, parameters: {weight: 1}}]", "--out", "x", "--memory", "much")]
    [InlineData("nowhere: no such folder", "merge_method: linear\nmodels: [{model: nowhere, parameters: {weight: 1}}]", "--out", "x")]
    [InlineData("is the folder of a, or holds it", "merge_method: linear\nmodels: [{model: a, parameters: {weight: 1}}]", "--out", "a")]
    public void Refuses_with_one_line(string message, string yaml, params string[] words)
    {
        var recipe = Path.Combine(_models.Path, "recipe.yaml");
        File.WriteAllText(recipe, yaml);
        var (code, output, error) = _terminal.Run(["model", "merge", recipe, .. words.Select(w => w is "x" or "a" ? Path.Combine(_models.Path, w) : w)]);
        Assert.Equal((ExitCode.UserError, ""), (code, output));
        Assert.Contains(message, error, StringComparison.Ordinal);
        Assert.Single(error.TrimEnd().Split('\n'));
    }
}
