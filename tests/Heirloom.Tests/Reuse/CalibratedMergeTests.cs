using Heirloom.Checkpoints;
using Heirloom.Data;
using Heirloom.Data.Batching;
using Heirloom.Data.Tokens;
using Heirloom.Models;
using Heirloom.Models.Text;
using Heirloom.Reuse.MergeMethods;
using Heirloom.Reuse.MergeRecipes;
using Heirloom.Reuse.Merging;
using Heirloom.Tests.Generation;
using static TorchSharp.torch;

namespace Heirloom.Tests.Reuse;

/// <summary>Fisher-weighted averaging and RegMean against their formulas and what they promise.</summary>
public sealed class CalibratedMergeTests
{
    private static readonly WeightShare s_one = new() { Weight = 1 };

    [Fact]
    public void Fisher_weighs_every_element_by_what_its_model_knows_of_it()
    {
        float[] a = [1, 2, 3, 4], b = [5, 6, 7, 8], sure = [1, 0, 3, 0.5f], other = [1, 2, 0, 0.25f];
        var result = new float[4];
        new Fisher { Floor = 1e-12 }.Merge(new() { Name = "w", Shape = [4], Models = [new(a, s_one, sure), new(b, new WeightShare { Weight = 2 }, other)] }, result);
        Assert.Equal([((1 * 1) + (2 * 5)) / 3.0, 6, 3, ((0.5 * 4) + (0.5 * 8)) / 1], result.Select(x => Math.Round((double)x, 6)), (x, y) => Math.Abs(x - y) < 1e-5);

        // where nobody knows anything, the mean
        new Fisher().Merge(new() { Name = "w", Shape = [4], Models = [new(a, s_one, new float[4]), new(b, s_one, new float[4])] }, result);
        Assert.Equal([3f, 4, 5, 6], result);
    }

    [Fact]
    public void RegMean_is_the_least_squares_fit_to_the_outputs_of_all()
    {
        using var scope = NewDisposeScope();
        using var generator = new Seed(1).Generator();
        Tensor Draw(params long[] shape) => randn(shape, generator: generator, dtype: ScalarType.Float64);
        var (x1, x2, w1, w2) = (Draw(30, 5), Draw(20, 5), Draw(3, 5), Draw(3, 5));

        // the fit itself: minimize ‖X₁Wᵀ − X₁W₁ᵀ‖² + ‖X₂Wᵀ − X₂W₂ᵀ‖²
        var (fit, _, _, _) = linalg.lstsq(cat([x1, x2], 0), cat([x1.mm(w1.t()), x2.mm(w2.t())], 0));
        var result = new float[15];
        var input = new MergeInput { Name = "w", Shape = [3, 5], Models = [new(Floats(w1), s_one, Floats(x1.t().mm(x1))), new(Floats(w2), s_one, Floats(x2.t().mm(x2)))] };
        new RegMean { Alpha = 1 }.Merge(input, result);
        Assert.True(allclose(tensor(result).view(3, 5), fit.t().to(float32), atol: 1e-4));

        // without the inner products of different inputs every input has its own weights
        new RegMean { Alpha = 0 }.Merge(input, result);
        var (d1, d2) = (x1.square().sum(0L), x2.square().sum(0L));
        Assert.True(allclose(tensor(result).view(3, 5), (((d1 * w1) + (d2 * w2)) / (d1 + d2)).to(float32), atol: 1e-4));

        // biases and norms are averaged, and so is what no model ever reads
        new RegMean().Merge(new() { Name = "b", Shape = [2], Models = [new(new float[] { 1, 2 }, s_one), new(new float[] { 3, 4 }, s_one)] }, result.AsSpan(0, 2));
        Assert.Equal([2f, 3], result[..2]);
        new RegMean().Merge(new() { Name = "w", Shape = [1, 2], Models = [new(new float[] { 1, 2 }, s_one, new float[] { 4, 0, 0, 0 }), new(new float[] { 3, 4 }, s_one, new float[] { 4, 0, 0, 0 })] }, result.AsSpan(0, 2));
        Assert.Equal([2f, 3], result[..2]);
    }

    [Fact]
    public void Inputs_of_linear_layers_are_summed_up_as_they_are_read()
    {
        using var scope = NewDisposeScope();
        var model = TinyText.Model();
        var ids = Enumerable.Range(0, 3).Select(i => tensor(new long[] { 1 + i, 2, 3, 4 }).unsqueeze(0)).ToList();
        var grams = InputGrams.Of(model, 3, step => model.Head(model.Encode(new(ids[(int)step]))), new());
        Assert.Contains("layers.1.feed_forward.down.weight", grams.Keys);

        // queries, keys and values read the same vectors; twice as many of the same change nothing
        Assert.Equal(grams["layers.0.attention.query.weight"], grams["layers.0.attention.value.weight"]);
        var again = InputGrams.Of(model, 6, step => model.Head(model.Encode(new(ids[(int)step % 3]))), new());
        Assert.All(grams["layers.0.feed_forward.up.weight"].Zip(again["layers.0.feed_forward.up.weight"]), p => Assert.Equal(p.First, p.Second, 1e-5));
        var gram = tensor(grams["layers.0.attention.query.weight"]).view(16, 16);
        Assert.True(allclose(gram, gram.t()));
        Assert.True(linalg.eigvalsh(gram).min().item<float>() > -1e-5);
    }

    [Fact]
    public void Fisher_information_is_the_square_of_gradients_of_what_the_model_itself_says()
    {
        // log p of a softmax over two logits with no input but a bias: E[(∂ log p / ∂b)²] = p (1 − p)
        using var scope = NewDisposeScope();
        var model = DecoderConfig.Llama(vocabulary: 2, context: 4, width: 4, layers: 1, heads: 1).Build(new Seed(1)) as Decoder;
        TokenRow[] rows = [.. Enumerable.Range(0, 4).Select(_ => new InMemoryRows([[0, 1, 0]], 4, 0, new Seed(0)).Row(0))];
        var batches = new ExampleBatches<TokenRow, TokenBatch>(rows, 1, shuffle: false, new Seed(0), (r, _) => TokenRow.Collate(r), "r");
        var one = FisherDiagonal.Of(model!, batches, 4, new Seed(1), new());
        Assert.Equal(one["norm.weight"], FisherDiagonal.Of(model!, batches, 4, new Seed(1), new())["norm.weight"]);
        Assert.All(one.Values, v => Assert.All(v, x => Assert.True(x >= 0 && float.IsFinite(x))));
        Assert.True(one.Values.Sum(v => v.Sum()) > 0);

        // a model that is sure of its outcome learns nothing from it
        using (no_grad())
        {
            model!.get_parameter("norm.weight")!.mul_(1e4);
        }

        var sure = FisherDiagonal.Of(model, batches, 4, new Seed(1), new());
        Assert.True(sure["embedding.weight"].Sum() < one["embedding.weight"].Sum() || sure["embedding.weight"].Sum() == 0);
    }

    [Theory]
    [InlineData("fisher")]
    [InlineData("regmean")]
    public void A_recipe_merges_folders_on_text_of_their_own(string method)
    {
        using var folder = new TemporaryFolder();
        var (a, b) = (Save(folder / "a", 1), Save(folder / "b", 2));
        File.WriteAllText(folder / "a.txt", "the cat sat on the mat\n\nthe cat sat");
        File.WriteAllText(folder / "b.txt", "the dog sat on the log\n\nthe dog sat");
        var yaml = $"merge_method: {method}\nparameters: {{weight: 1}}\nmodels:\n  - {{model: {a}, calibration: {{text: {folder / "a.txt"}, rows: 4}}}}\n  - {{model: {b}, calibration: {{text: [{folder / "b.txt"}]}}}}\n";
        var hash = CalibratedMerger.Run(MergeRecipe.Parse(yaml, "r"), new Dictionary<string, string>(), folder / "out", new Seed(1), new());
        Assert.Equal(hash, CalibratedMerger.Run(MergeRecipe.Parse(yaml, "r"), new Dictionary<string, string>(), folder / "again", new Seed(1), new()));
        var lineage = LineageFile.Read(folder / "out")!;
        Assert.Equal(($"merge/{method}", 2), (lineage.Method, lineage.Parents.Length));
        using var scope = NewDisposeScope();
        Assert.Empty(Checkpoint.LoadAs<ICausalLM>(folder / "out").Report.Missing);

        Assert.Contains("nothing says on which text", Assert.Throws<UserError>(() => Run($"merge_method: {method}\nparameters: {{weight: 1}}\nmodels: [{{model: {a}}}, {{model: {b}}}]\n")).Message);
        Assert.Contains("r:1:", Assert.Throws<UserError>(() => Run($"merge_method: {method}\nmodels: [{{model: {a}, calibration: {{txt: x}}}}]\n".Replace("\n", " ").Replace("merge_method: " + method, $"{{merge_method: {method},").TrimEnd() + "}")).Message);
        Assert.Contains("takes one value for all tensors", Assert.Throws<UserError>(() => Run($"merge_method: {method}\nparameters: {{weight: [0, 1]}}\nmodels: [{{model: {a}}}, {{model: {b}}}]\n")).Message);
        Assert.Contains("has to run the models on text", Assert.Throws<UserError>(() => Merger.Check(MergeRecipe.Parse(yaml, "r"), new Dictionary<string, string>(), new())).Message);

        void Run(string recipe) => CalibratedMerger.Run(MergeRecipe.Parse(recipe, "r"), new Dictionary<string, string>(), folder / "refused", new Seed(1), new());
    }

    [Fact]
    public void Alike_models_merge_into_themselves()
    {
        using var scope = NewDisposeScope();
        var model = TinyText.Model();
        var ids = tensor(new long[] { 1, 2, 3, 4, 5, 6 }).unsqueeze(0);
        var grams = InputGrams.Of(model, 2, _ => model.Head(model.Encode(new(ids))), new());
        var merged = ModelMerge.Of(new RegMean(), [(model, s_one), (model, s_one)], statistics: [grams, grams]);
        Assert.All(merged.state_dict(), t => Assert.True(allclose(t.Value, model.state_dict()[t.Key], rtol: 1e-3, atol: 1e-4), t.Key));
        Assert.Contains("needs statistics of every model (gram)", Assert.Throws<UserError>(() => ModelMerge.Of(new RegMean(), [(model, s_one), (model, s_one)])).Message);
    }

    private static float[] Floats(Tensor x) => [.. x.to(float32).contiguous().view(-1).data<float>()];

    private static string Save(string folder, ulong seed)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        using var generator = new Seed(seed).Generator();
        var model = TinyText.Model();
        foreach (var parameter in model.parameters())
        {
            parameter.add_(0.05 * randn(parameter.shape, generator: generator));
        }

        Checkpoint.Save(folder, new() { Model = model, Parts = [TinyText.Tokenizer], Lineage = new() { Method = "fine-tune", Settings = "", Seed = 1 } });
        return folder;
    }
}
