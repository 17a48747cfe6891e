using Heirloom.Training;
using Heirloom.Training.Optimizers;
using Heirloom.Training.Precision;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Heirloom.Tests.Training;

public class OptimizerTests
{
    [Theory]
    [InlineData(3, 7)]
    [InlineData(300, 401)] // more than one chunk, and a tail that fills no vector
    public void AdamWIsTorchs(int rows, int columns)
    {
        using var scope = NewDisposeScope();
        var (ours, theirs) = Pair(rows, columns);
        var config = new AdamWConfig { LearningRate = 0.01, Beta1 = 0.9, Beta2 = 0.97, Epsilon = 1e-8, Decay = 0.05 };
        using var optimizer = config.Build([new("w", ours)]);
        using var reference = optim.AdamW([theirs], 0.01, 0.9, 0.97, 1e-8, 0.05);
        for (var step = 0; step < 20; step++)
        {
            var gradient = Gradient(step, rows, columns);
            ours.grad = gradient.clone();
            theirs.grad = gradient.clone();
            optimizer.Step(1);
            reference.step();
            Assert.True((ours - theirs).abs().max().item<float>() < 1e-6);
        }
    }

    [Fact]
    public void AdamWOnTensorsIsAdamWInOnePass()
    {
        using var scope = NewDisposeScope();
        var (flat, _) = Pair(30, 40);
        var strided = new Parameter(flat.detach().t().contiguous().t());
        Assert.False(strided.is_contiguous());
        using var a = new AdamWConfig().Build([new("w", flat)]);
        using var b = new AdamWConfig().Build([new("w", strided)]);
        for (var step = 0; step < 10; step++)
        {
            flat.grad = Gradient(step, 30, 40);
            strided.grad = Gradient(step, 30, 40);
            a.Step(0.5, 0.3);
            b.Step(0.5, 0.3);
        }

        Assert.True((flat - strided).abs().max().item<float>() < 1e-6);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void SgdIsTorchs(bool nesterov)
    {
        using var scope = NewDisposeScope();
        var (ours, theirs) = Pair(4, 5);
        using var optimizer = new SgdConfig { LearningRate = 0.1, Momentum = 0.9, Nesterov = nesterov, Decay = 0.02 }.Build([new("w", ours)]);
        using var reference = optim.SGD([theirs], 0.1, momentum: 0.9, weight_decay: 0.02, nesterov: nesterov);
        for (var step = 0; step < 10; step++)
        {
            ours.grad = Gradient(step, 4, 5);
            theirs.grad = Gradient(step, 4, 5);
            optimizer.Step(1);
            reference.step();
        }

        Assert.True((ours - theirs).abs().max().item<float>() < 1e-6);
    }

    [Fact]
    public void LionIsAlgorithm2()
    {
        using var scope = NewDisposeScope();
        var (ours, _) = Pair(3, 4);
        var w = ours.detach().to(float64).data<double>().ToArray();
        var m = new double[w.Length];
        using var optimizer = new LionConfig { LearningRate = 0.01, Decay = 0.3 }.Build([new("w", ours)]);
        for (var step = 0; step < 5; step++)
        {
            ours.grad = Gradient(step, 3, 4);
            var g = ours.grad.to(float64).data<double>().ToArray();
            optimizer.Step(0.5);
            for (var i = 0; i < w.Length; i++)
            {
                var c = (0.9 * m[i]) + (0.1 * g[i]);
                w[i] -= 0.005 * (Math.Sign(c) + (0.3 * w[i]));
                m[i] = (0.99 * m[i]) + (0.01 * g[i]);
            }
        }

        AssertClose(w, ours, 1e-6);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AdafactorIsAlgorithms4And5(bool relative)
    {
        using var scope = NewDisposeScope();
        const int n = 3, k = 4;
        var (ours, _) = Pair(n, k);
        var w = ours.detach().to(float64).data<double>().ToArray();
        var (rows, columns) = (new double[n], new double[k]);
        using var optimizer = new AdafactorConfig { LearningRate = 0.02, Relative = relative, ClipUpdate = 0.9 }.Build([new("w", ours)]);
        for (var t = 1; t <= 5; t++)
        {
            ours.grad = Gradient(t, n, k);
            var g = ours.grad.to(float64).data<double>().ToArray();
            optimizer.Step(1);

            // sums as in the paper; the optimizer keeps means
            var beta = 1 - Math.Pow(t, -0.8);
            double Square(int i, int j) => (g[(i * k) + j] * g[(i * k) + j]) + 1e-30;
            for (var i = 0; i < n; i++)
            {
                rows[i] = (beta * rows[i]) + ((1 - beta) * Enumerable.Range(0, k).Sum(j => Square(i, j)));
            }

            for (var j = 0; j < k; j++)
            {
                columns[j] = (beta * columns[j]) + ((1 - beta) * Enumerable.Range(0, n).Sum(i => Square(i, j)));
            }

            var u = Enumerable.Range(0, n * k).Select(i => g[i] / Math.Sqrt(rows[i / k] * columns[i % k] / rows.Sum())).ToArray();
            var clip = Math.Max(1, RootMeanSquare(u) / 0.9);
            var rate = 0.02 * (relative ? Math.Max(1e-3, RootMeanSquare(w)) : 1);
            for (var i = 0; i < w.Length; i++)
            {
                w[i] -= rate * u[i] / clip;
            }
        }

        AssertClose(w, ours, 1e-6);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void MuonMakesUpdatesOrthogonal(bool bfloat16)
    {
        using var scope = NewDisposeScope();
        foreach (var (m, n) in new[] { (8, 8), (6, 20), (20, 6) })
        {
            var singular = linalg.svdvals(MuonRule.Orthogonalize(Gradient(1, m, n), 5, bfloat16));

            // the coefficients trade exactness for speed: Jordan et al. give a band of about [0.7, 1.2]
            Assert.InRange(singular.min().item<float>(), 0.3f, 1.3f);
            Assert.InRange(singular.max().item<float>(), 0.5f, 1.3f);
        }
    }

    [Fact]
    public void MuonIsItsFormula()
    {
        using var scope = NewDisposeScope();
        var (ours, _) = Pair(6, 4);
        var w = ours.detach().clone();
        var momentum = zeros_like(w);
        using var optimizer = new MuonConfig { LearningRate = 0.05, Precision = PrecisionMode.Float32 }.Build([new("w", ours)]);
        for (var step = 0; step < 3; step++)
        {
            ours.grad = Gradient(step, 6, 4);
            var g = ours.grad.clone();
            optimizer.Step(1);
            momentum = (momentum * 0.95) + (g * 0.05);
            var x = ((g * 0.05) + (momentum * 0.95)).t();
            x = x / x.norm();
            for (var i = 0; i < 5; i++)
            {
                var a = x.matmul(x.t());
                x = (3.4445 * x) + ((-4.7750 * a) + (2.0315 * a.matmul(a))).matmul(x);
            }

            w = w - (0.05 * Math.Sqrt(6.0 / 4) * x.t());
        }

        Assert.True((ours - w).abs().max().item<float>() < 1e-5);
    }

    [Fact]
    public void MuonLeavesTheRestToAdamW()
    {
        using var scope = NewDisposeScope();
        var config = new MuonConfig();
        Parameter New(params long[] shape) => new(ones(shape));
        Assert.IsType<MuonRule>(config.RuleFor(new("layers.0.attention.query.weight", New(4, 4))));
        Assert.IsType<AdamWRule>(config.RuleFor(new("layers.0.attention.query.bias", New(4))));
        Assert.IsType<AdamWRule>(config.RuleFor(new("embedding.weight", New(9, 4))));
        Assert.IsType<AdamWRule>(config.RuleFor(new("head.weight", New(9, 4))));
    }

    [Fact]
    public void NormsBiasesAndEmbeddingsDoNotDecay()
    {
        using var scope = NewDisposeScope();
        NamedParameter New(string name, params long[] shape) => new(name, new Parameter(ones(shape)));
        var decaying = new[] { New("layers.0.feed_forward.up.weight", 4, 4), New("patches.weight", 4, 3, 2, 2), New("head.weight", 9, 4) };
        var others = new[] { New("embedding.weight", 9, 4), New("positions.weight", 9, 4), New("layers.0.attention_norm.weight", 4), New("layers.0.feed_forward.up.bias", 4) };
        Assert.All(decaying, p => Assert.True(WeightDecay.Matrices.Decays(p)));
        Assert.All(others, p => Assert.False(WeightDecay.Matrices.Decays(p)));
        Assert.True(WeightDecay.MatricesAndEmbeddings.Decays(others[0]));
        Assert.All(others, p => Assert.True(WeightDecay.All.Decays(p)));
    }

    [Fact]
    public void NarrowWeightsFollowAFloatMaster()
    {
        using var scope = NewDisposeScope();
        var (wide, _) = Pair(8, 8);
        wide.detach().copy_(wide.detach().to(bfloat16));
        var narrow = new Parameter(wide.detach().to(bfloat16));
        using var a = new AdamWConfig { LearningRate = 1e-4 }.Build([new("w", wide)]);
        using var b = new AdamWConfig { LearningRate = 1e-4 }.Build([new("w", narrow)]);
        for (var step = 0; step < 50; step++)
        {
            var gradient = Gradient(step, 8, 8).to(bfloat16);
            wide.grad = gradient.to(float32);
            narrow.grad = gradient;
            a.Step(1);
            b.Step(1);
        }

        Assert.Equal(ScalarType.BFloat16, narrow.dtype);
        Assert.True(narrow.detach().equal(wide.detach().to(bfloat16)).all().item<bool>());
    }

    [Fact]
    public void AParameterWithoutGradientStays()
    {
        using var scope = NewDisposeScope();
        var (moving, still) = Pair(2, 2);
        using var optimizer = new AdamWConfig().Build([new("a", moving), new("b", still)]);
        var before = still.detach().clone();
        moving.grad = Gradient(0, 2, 2);
        optimizer.Step(1);
        Assert.True(still.detach().equal(before).all().item<bool>());
        Assert.Equal(0, optimizer.State().Single(s => s.Key == "b/updates").Value.item<long>());
        optimizer.ZeroGradients();
        Assert.True(moving.grad is null);
    }

    [Fact]
    public void NormAndClippingAreTorchs()
    {
        using var scope = NewDisposeScope();
        var (a, b) = Pair(300, 401);
        var model = nn.Linear(401, 300);
        foreach (var (parameter, i) in model.parameters().Select((p, i) => (p, i)))
        {
            parameter.grad = parameter.Dimensions == 2 ? Gradient(i, 300, 401) : Gradient(i, 300, 1).flatten();
        }

        var named = NamedParameter.Of(model);
        var ours = GradientNorm.Of(named);
        var theirs = nn.utils.clip_grad_norm_(model.parameters(), 1);
        Assert.Equal(theirs, ours, theirs * 1e-6);
        Assert.Equal(1, GradientNorm.Of(named), 1e-5);
        Assert.Null(GradientNorm.FirstBad(named));
        model.bias!.grad![3] = float.NaN;
        Assert.Equal("bias", GradientNorm.FirstBad(named));
    }

    private static (Parameter, Parameter) Pair(int rows, int columns)
    {
        using var generator = new Seed(5).Generator();
        var values = randn([rows, columns], generator: generator);
        return (new(values.clone()), new(values.clone()));
    }

    private static Tensor Gradient(int step, int rows, int columns)
    {
        using var generator = new Seed(7).For("gradient", step).Generator();
        return randn([rows, columns], generator: generator);
    }

    private static double RootMeanSquare(double[] x) => Math.Sqrt(x.Average(v => v * v));

    private static void AssertClose(double[] expected, Tensor actual, double tolerance)
    {
        var values = actual.detach().to(float64).data<double>().ToArray();
        Assert.All(expected.Zip(values), p => Assert.Equal(p.First, p.Second, tolerance));
    }
}
