using Heirloom.Reuse.MergeRecipes;

namespace Heirloom.Tests.Reuse;

/// <summary>mergekit's YAML as it is, and what is wrong with it named by file and line.</summary>
public sealed class MergeRecipeTests : IDisposable
{
    private const string Two = "models:\n  - {model: a, parameters: {weight: 1}}\n  - {model: b, parameters: {weight: 1}}\n";
    private readonly MergeFixture _models = new();

    public MergeRecipeTests()
    {
        _models.Save("base", 1);
        _models.Descend("a", 2);
        _models.Descend("b", 3);
    }

    public void Dispose() => _models.Dispose();

    /// <summary>Shapes of recipes that mergekit's users write.</summary>
    [Theory]
    [InlineData("models:\n  - model: x\n    parameters:\n      density: [1, 0.7, 0.1] # gradient\n      weight: 1.0\n  - model: y\n    parameters:\n      density: 0.33\n      weight:\n        - filter: mlp\n          value: 0.5\n        - value: 0\nmerge_method: ties\nbase_model: z\nparameters:\n  normalize: true\n  int8_mask: true\ndtype: float16\n")]
    [InlineData("slices:\n  - sources:\n      - model: x\n        layer_range: [0, 24]\n  - sources:\n      - model: y\n        layer_range: [20, 40]\nmerge_method: passthrough\ndtype: bfloat16\n")]
    [InlineData("slices:\n  - sources:\n      - {model: x, layer_range: [0, 40]}\n      - {model: y, layer_range: [0, 40]}\nmerge_method: slerp\nbase_model: x\nparameters:\n  t:\n    - filter: self_attn\n      value: [0, 0.5, 0.3, 0.7, 1]\n    - value: 0.5\n")]
    [InlineData("modules:\n  encoder:\n    models: [{model: x, parameters: {weight: 1}}]\n  decoder:\n    slices: [{sources: [{model: x, layer_range: [0, 2]}], parameters: {weight: 1e-1}}]\nmerge_method: linear\nout_dtype: float32\n")]
    [InlineData("merge_method: linear\nmodels: [{model: {model: {path: org/x, revision: main}}, parameters: {weight: 1}}]\ntokenizer:\n  source: union\n  pad_to_multiple_of: 8\n  tokens:\n    <|im_start|>: {source: org/x}\n    <|a|>: {source: org/x, force: true}\n    <|b|>: {source: {kind: model_token, model: org/x, token: q}}\n    <|c|>: {source: {kind: zero}}\nchat_template: auto\n")]
    public void Reads_what_mergekit_reads(string yaml) => Assert.NotEmpty(MergeRecipe.Parse(yaml, "r.yaml").Models);

    [Fact]
    public void Values_follow_depth_and_filters()
    {
        var recipe = MergeRecipe.Parse("merge_method: linear\nmodels: [{model: x}]\nparameters: {weight: [0, 1, 4], density: [{filter: mlp, value: 1}, {filter: '*', value: [2, 3]}], normalize: [true, false]}", "r");
        var values = recipe.Parameters.Values;
        Assert.Equal([0.0, 0.5, 1, 2.5, 4], new[] { 0, 0.25, 0.5, 0.75, 1 }.Select(t => (double)values["weight"].At("w", t)!));
        Assert.Equal((1.0, 2.5), ((double)values["density"].At("layers.0.mlp.up", 0.5)!, (double)values["density"].At("norm", 0.5)!));
        Assert.Equal([true, true, false], new[] { 0, 0.5, 1 }.Select(t => (bool)values["normalize"].At("w", t)!));
    }

    [Theory]
    [InlineData("merge_methd: linear\n" + Two, "recipe.yaml:1:1: unknown key 'merge_methd' in the recipe; did you mean 'merge_method'?")]
    [InlineData("merge_method: tie\n" + Two, "recipe.yaml:1:15: unknown merge method 'tie'; did you mean 'ties'?")]
    [InlineData("merge_method: linear\nmodels:\n  - {model: a, paramters: {weight: 1}}\n", "recipe.yaml:3:16: unknown key 'paramters' in an item of 'models'; did you mean 'parameters'?")]
    [InlineData("merge_method: linear\nmodels:\n  - {model: a, parameters: {wieght: 1}}\n", "recipe.yaml:3:37: unknown parameter 'wieght' of linear; did you mean 'weight'?")]
    [InlineData("merge_method: linear\nmodels:\n  - {model: a, parameters: {weight: 1, normalize: true}}\n", "'normalize' is a parameter of the whole merge and not of one model")]
    [InlineData("merge_method: linear\nmodels:\n  - {model: a}\n", "nothing says 'weight'")]
    [InlineData("merge_method: ties\nbase_model: base\nparameters: {density: -0.5}\n" + Two, "recipe.yaml:3:23: 'density' must be from 0 to 1, not -0.5")]
    [InlineData("merge_method: ties\nbase_model: base\nparameters: {density: [0.5, 1.5]}\n" + Two, "'density' must be from 0 to 1, not 1.5")]
    [InlineData("merge_method: ties\nbase_model: base\nparameters: {density: much}\n" + Two, "recipe.yaml:3:23: 'density' must be a number")]
    [InlineData("merge_method: della\nbase_model: base\nparameters: {density: 0.1, epsilon: 0.2}\n" + Two, "density 0.1 ± epsilon 0.2 must lie between 0 and 1")]
    [InlineData("merge_method: ties\n" + Two, "ties needs a base_model")]
    [InlineData("merge_method: slerp\nbase_model: base\nparameters: {t: 0.5}\nmodels: [{model: a}, {model: b}]\n", "slerp takes 1 model beside the base, not 2")]
    [InlineData("merge_method: linear\nmodels: [{model: a, parameters: {weight: 1}}, {model: a, parameters: {weight: 1}}]\n", "names 'a' twice")]
    [InlineData("merge_method: linear\nmodels: [{model: nowhere, parameters: {weight: 1}}]\n", "no such folder")]
    [InlineData("merge_method: linear\nmodels: []\n", "'models' is empty")]
    [InlineData("merge_method: linear\n", "has none of 'models', 'slices' and 'modules'")]
    [InlineData("merge_method: linear\nslices: []\n" + Two, "has more than one of 'models', 'slices' and 'modules'")]
    [InlineData("merge_method: linear\ndtype: bloat16\n" + Two, "did you mean 'bfloat16'?")]
    [InlineData("merge_method: passthrough\nslices: [{sources: [{model: a, layer_range: [0, 3]}]}]\n", "layers 0 to 3 of a, which has 2")]
    [InlineData("merge_method: passthrough\nslices: [{sources: [{model: a, layer_range: [1, 1]}]}]\n", "'layer_range' is [1, 1]")]
    [InlineData("merge_method: linear\nparameters: {weight: 1}\nslices: [{sources: [{model: a, layer_range: [0, 2]}, {model: b, layer_range: [0, 1]}]}]\n", "b gives 1 layers where a gives 2")]
    [InlineData("merge_method: linear\nparameters: {weight: 1}\nmodels: [{model: a}, {model: wide}]\n", "merge models of one size")]
    [InlineData("merge_method: linear\nparameters: {weight: 1}\nmodels: [{model: a}, {model: wordy}]\n", "the vocabularies differ: 19 rows in a, 23 in wordy")]
    [InlineData("merge_method: linear\nparameters: {weight: 1}\nmodels: [{model: a}, {model: deep}]\n", "deep gives 3 layers where a gives 2")]
    [InlineData("merge_method: linear\nparameters: {weight: 1}\nmodels: [{model: a}, {model: gpt2}]\n", "a is a llama and gpt2 a gpt2")]
    [InlineData("merge_method: task_arithmetic\nbase_model: base\nparameters: {weight: 1}\nmodels: [{model: a}, {model: stranger}]\n", "by its lineage stranger was not made from base but from another")]
    [InlineData("merge_method: linear\nparameters: {weight: 1, t: 2}\nmodels: [{model: a+adapter}]\n", "a model with an adapter is not merged in one step")]
    public void Refuses_what_is_wrong(string yaml, string message)
    {
        _models.Save("wide", 4, MergeFixture.Config(width: 24));
        _models.Save("wordy", 4, MergeFixture.Config(vocabulary: 23));
        _models.Save("deep", 4, MergeFixture.Config(layers: 3));
        _models.Save("another", 9);
        _models.Descend("stranger", 4, of: "another");
        _models.Save("gpt2", 4, Heirloom.Models.Text.DecoderConfig.Gpt2(vocabulary: 19, context: 16, width: 16, layers: 2, heads: 2));
        Assert.Contains(message, _models.Refused(yaml), StringComparison.Ordinal);
    }

    [Fact]
    public void Another_base_is_taken_where_that_is_meant()
    {
        _models.Save("another", 9);
        Assert.Contains("by its lineage", _models.Refused("merge_method: task_arithmetic\nbase_model: another\n" + Two));
        _models.Merge("merge_method: task_arithmetic\nbase_model: another\n" + Two, options: new() { AnyBase = true });
    }
}
