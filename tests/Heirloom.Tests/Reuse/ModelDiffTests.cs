using Heirloom.Reuse.MergeMethods;
using Heirloom.Reuse.Merging;
using Heirloom.Models;
using Heirloom.Models.Text;

namespace Heirloom.Tests.Reuse;

public sealed class ModelDiffTests : IDisposable
{
    private readonly MergeFixture _models = new();

    public ModelDiffTests()
    {
        _models.Save("base", 1);
        _models.Descend("a", 2);
        _models.Descend("b", 3);
    }

    public void Dispose() => _models.Dispose();

    [Fact]
    public void Lengths_distances_and_angles_are_those_of_the_values()
    {
        var (start, a, b) = (_models.Values("base"), _models.Values("a"), _models.Values("b"));
        var plain = ModelDiff.Of(_models.Folder("a"), _models.Folder("b"), null, new());
        var tasks = ModelDiff.Of(_models.Folder("a"), _models.Folder("b"), _models.Base, new());
        Assert.Equal(a.Keys.Order(StringComparer.Ordinal), plain.Tensors.Select(t => t.Name));
        foreach (var (one, two) in plain.Tensors.Zip(tasks.Tensors))
        {
            Check(one, a[one.Name], b[one.Name], a[one.Name], b[one.Name]);
            Check(two, a[one.Name], b[one.Name], Minus(a[one.Name], start[one.Name]), Minus(b[one.Name], start[one.Name]));
            Assert.Equal(Norm(Minus(a[one.Name], start[one.Name])), two.TaskNormA!.Value, 1e-4);
        }

        // independent noise has no common direction, and with itself it has none other
        Assert.InRange(tasks.Whole.Cosine, -0.1, 0.1);
        var same = ModelDiff.Of(_models.Folder("a"), _models.Folder("a"), _models.Base, new()).Whole;
        Assert.Equal((0, 1), (same.Distance, Math.Round(same.Cosine, 9)));
    }

    [Fact]
    public void What_cannot_be_compared_is_listed_or_refused()
    {
        _models.Save("deep", 4, MergeFixture.Config(layers: 3, vocabulary: 23));
        var diff = ModelDiff.Of(_models.Folder("a"), _models.Folder("deep"), null, new());
        Assert.Contains("model.layers.2.input_layernorm.weight", diff.OnlyB);
        Assert.Contains("model.embed_tokens.weight: [19, 16] and [23, 16]", diff.OtherShapes);
        _models.Save("gpt2", 4, DecoderConfig.Gpt2(vocabulary: 19, context: 16, width: 16, layers: 2, heads: 2));
        Assert.Contains("no tensor in common", Assert.Throws<UserError>(() => ModelDiff.Of(_models.Folder("a"), _models.Folder("gpt2"), null, new())).Message);
    }

    [Fact]
    public void A_greedy_soup_takes_what_helps()
    {
        var asked = new List<string>();
        var values = new Dictionary<string, double> { ["a"] = 1, ["b"] = 5, ["c"] = -6, ["d"] = 3 };

        // closeness of the mean to 3.5
        var (chosen, score) = GreedySoup.Choose<string>(["a", "b", "c", "d"], soup =>
        {
            asked.Add(string.Join("+", soup));
            return -Math.Abs(soup.Average(m => values[m]) - 3.5);
        });
        Assert.Equal(["d", "b", "a"], chosen); // what leaves it as good is taken in too
        Assert.Equal(["a", "b", "c", "d", "d+b", "d+b+a", "d+b+a+c"], asked);
        Assert.Equal(-0.5, score);
        Assert.Equal(["d", "b"], GreedySoup.Choose<string>(["a", "b", "c", "d"], soup => -Math.Abs(soup.Average(m => values[m]) - 3.9)).Chosen);
    }

    [Fact]
    public void Models_in_memory_are_averaged()
    {
        using var scope = TorchSharp.torch.NewDisposeScope();
        var models = Enumerable.Range(1, 3).Select(i => (Decoder)MergeFixture.Config().Build(new Seed((ulong)i))).ToList();
        var mean = ModelMerge.Average(models);
        var states = models.Select(m => m.state_dict()).ToList();
        Assert.All(mean.state_dict(), t => Assert.True(TorchSharp.torch.allclose(t.Value, (states[0][t.Key] + states[1][t.Key] + states[2][t.Key]) / 3, atol: 1e-6)));
        var other = (Decoder)MergeFixture.Config(width: 24).Build(new Seed(1));
        Assert.Contains("another shape", Assert.Throws<UserError>(() => ModelMerge.Average(models[0], other)).Message);
        Assert.Contains("ties does not take 1 models without a base", Assert.Throws<UserError>(() => ModelMerge.Of(new Ties(), [(models[0], new TaskShare { Weight = 1 })])).Message);
    }

    private static void Check(TensorDiff diff, float[] a, float[] b, float[] taskA, float[] taskB)
    {
        Assert.Equal(Norm(a), diff.NormA, 1e-4);
        Assert.Equal(Norm(b), diff.NormB, 1e-4);
        Assert.Equal(Norm(Minus(a, b)), diff.Distance, 1e-4);
        Assert.Equal(taskA.Zip(taskB, (x, y) => (double)x * y).Sum() / (Norm(taskA) * Norm(taskB)), diff.Cosine, 1e-4);
    }

    private static float[] Minus(float[] a, float[] b) => [.. a.Zip(b, (x, y) => x - y)];

    private static double Norm(float[] x) => Math.Sqrt(x.Sum(v => (double)v * v));
}
