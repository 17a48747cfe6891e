using Heirloom.Layers;
using Heirloom.Layers.Kernels;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Heirloom.Tests.Layers.Kernels;

/// <summary>Kernels written by hand against the straightforward formula in float64.</summary>
public sealed class KernelTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly Generator _generator = new(5);

    public KernelTests() => Assert.SkipUnless(Lanes.IsSupported, "the processor has no AVX-512");

    public static TheoryData<int, double, double, bool> Losses => new()
    {
        { 50, 0, 0, true }, { 64, 0, 0, false }, { 67, 0.1, 0, false }, { 67, 0.1, 1e-2, true }, { 9, 0, 1e-2, false }, { 1000, 0.05, 1e-3, true },
    };

    [Theory]
    [MemberData(nameof(Losses))]
    public void CrossEntropyIsTheFormula(int classes, double smoothing, double zLoss, bool narrow)
    {
        var type = narrow ? ScalarType.BFloat16 : ScalarType.Float32;
        var logits = (randn([40, classes], generator: _generator) * 3).to(type);
        var targets = randint(0, classes, [40], ScalarType.Int64, generator: _generator);
        targets[3] = -100;
        var (exact, ours) = (logits.to(ScalarType.Float64).requires_grad_(), logits.clone().requires_grad_());
        var counted = targets.ne(-100);
        var expected = (F.cross_entropy(exact, targets, ignore_index: -100, label_smoothing: smoothing, reduction: nn.Reduction.Sum) + (zLoss * (exact.logsumexp(-1).square() * counted).sum())) / 39;
        (expected * 3).backward();

        using var firstOrder = new FirstOrder(new(1));
        var (total, parts) = FusedCrossEntropy.Of(ours.clone(), targets, -100, 39, smoothing, zLoss);
        (total * 3).backward();

        Assert.Equal(expected.item<double>(), total.item<float>(), 2e-6 * Math.Max(1, expected.item<double>()));
        Assert.Equal(total.item<float>(), parts.Loss + parts.ZLoss, 1e-6 * Math.Max(1, expected.item<double>()));
        Close(exact.grad!, ours.grad!, narrow ? 1.0 / 128 : 3e-6);
    }

    [Fact]
    public void CrossEntropyTellsWhatIsNotANumberAndWhatIsNoClass()
    {
        using var firstOrder = new FirstOrder(new(1));
        var logits = zeros(2, 20);
        logits[1, 17] = float.NaN;
        Assert.True(float.IsNaN(FusedCrossEntropy.Of(logits.clone().requires_grad_().clone(), tensor([1L, 2L]), -100, 2, 0, 0).Total.item<float>()));
        Assert.Throws<UserError>(() => FusedCrossEntropy.Of(zeros(2, 20).requires_grad_().clone(), tensor([1L, 20L]), -100, 2, 0, 0));
    }

    [Theory]
    [InlineData(Activation.GeluTanh)]
    [InlineData(Activation.Silu)]
    public void ActivationsAreTheirFormulas(Activation activation)
    {
        var x = cat([linspace(-30, 30, 1003), tensor([-1e4f, 1e4f, 0f])]);
        var (exact, ours) = (x.to(ScalarType.Float64).requires_grad_(), x.clone().requires_grad_());
        var expected = activation.Apply(exact);
        expected.sum().backward();

        using var firstOrder = new FirstOrder(new(1));
        var value = FusedActivation.Of(activation, ours);
        value.sum().backward();
        var narrow = x.to(ScalarType.BFloat16).requires_grad_();
        var ofNarrow = FusedActivation.Of(activation, narrow);

        Assert.True(FusedActivation.Fits(activation, ours));
        Assert.True(value.to(ScalarType.Float64).allclose(expected, rtol: 1e-6, atol: 1e-6));
        Assert.True(ours.grad!.to(ScalarType.Float64).allclose(exact.grad!, rtol: 1e-5, atol: 2e-6));
        Assert.True(ofNarrow.to(ScalarType.Float64).allclose(activation.Apply(narrow.to(ScalarType.Float64)), rtol: 1.0 / 256, atol: 1e-6));
    }

    [Fact]
    public void TheExponentialIsExactToTheLastPlaces()
    {
        for (var x = -103f; x < 88; x += 0.0173f)
        {
            var exact = Math.Exp(x);
            Assert.Equal(exact, Lanes.Exp(x), Math.Max(exact * 3e-7, 1.5e-45));
        }

        Assert.Equal((0, 1, float.PositiveInfinity), (Lanes.Exp(float.NegativeInfinity), Lanes.Exp(0), Lanes.Exp(float.PositiveInfinity)));
        Assert.True(float.IsNaN(Lanes.Exp(float.NaN)));
    }

    [Fact]
    public void NarrowNumbersRoundAsTheLibraryRounds()
    {
        var x = cat([randn([1000], generator: _generator), tensor([1.00390625f, 1.01171875f, 3.4e38f, float.PositiveInfinity, float.NaN, 0f, -0f])]);
        var ours = empty(x.shape, ScalarType.BFloat16);
        unsafe
        {
            byte* from = Lanes.Address(x), to = Lanes.Address(ours);
            for (nint i = 0; i < x.numel(); i++)
            {
                BFloat16Lanes.Set(to, i, FloatLanes.Get(from, i));
            }

            Assert.True(ours.allclose(x.to(ScalarType.BFloat16), rtol: 0, atol: 0, equal_nan: true));
            for (nint i = 0; i + Lanes.Count <= x.numel(); i += Lanes.Count)
            {
                BFloat16Lanes.Store(to, i, FloatLanes.Load(from, i));
            }
        }

        Assert.True(ours.allclose(x.to(ScalarType.BFloat16), rtol: 0, atol: 0, equal_nan: true));
    }

    [Fact]
    public void AGradientWrittenByHandRefusesToBeDifferentiated()
    {
        Assert.Throws<NotSupportedException>(FirstOrder.Require);
        using var frozen = no_grad();
        FirstOrder.Require();
        Assert.False(FirstOrder.Holds);
    }

    [Fact]
    public void TeamsDoEveryIndexOnceAndPassExceptionsOn()
    {
        var threads = get_num_threads();
        try
        {
            set_num_threads(2);
            var done = new int[1000];
            Team.For(done.Length, i => Interlocked.Increment(ref done[i]));
            Assert.All(done, n => Assert.Equal(1, n));
            Assert.Throws<UserError>(() => Team.For(8, i => throw new UserError("no")));
        }
        finally
        {
            set_num_threads(threads);
        }
    }

    public void Dispose() => _scope.Dispose();

    /// <summary>Relative to the largest number: a wrong formula is off by far more.</summary>
    private static void Close(Tensor expected, Tensor actual, double tolerance) =>
        Assert.InRange((expected - actual.to(ScalarType.Float64)).abs().max().item<double>(), 0, tolerance * expected.abs().max().item<double>());
}
