using Heirloom.Layers.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Tests.Layers.Kernels;

/// <summary>Attention by hand against the formula in float64 on the same bfloat16 numbers.</summary>
public sealed class FusedAttentionTests : IDisposable
{
    // eight bits of mantissa in scores, weights and results
    private const double Tolerance = 0.02;

    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly Generator _generator = new(6);

    public FusedAttentionTests() => Assert.SkipUnless(Lanes.IsSupported, "the processor has no AVX-512");

    public static TheoryData<int, int, bool, string?> Forms => new()
    {
        { 5, 5, true, null }, { 33, 33, true, null }, { 16, 16, false, null }, { 7, 40, false, null }, { 20, 20, false, "heads" }, { 20, 20, true, "heads" }, { 6, 19, false, "rows" }, { 20, 20, false, "all" },
    };

    [Theory]
    [MemberData(nameof(Forms))]
    public void IsTheFormula(int queries, int keys, bool causal, string? bias)
    {
        const int rows = 2, heads = 3, width = 8;
        Tensor Draw(int length) => randn([rows, length, heads, width], generator: _generator).to(ScalarType.BFloat16);
        var (q, k, v) = (Leaf(Draw(queries)), Leaf(Draw(keys)), Leaf(Draw(keys)));
        var added = bias switch
        {
            "heads" => Leaf(randn([1, heads, queries, keys], generator: _generator).to(ScalarType.BFloat16)),
            "rows" => Leaf(randn([rows, 1, 1, keys], generator: _generator).to(ScalarType.BFloat16)),
            "all" => Leaf(randn([rows, heads, queries, keys], generator: _generator).to(ScalarType.BFloat16)),
            _ => default((Tensor Exact, Tensor Ours)?),
        };
        const double scale = 0.3;
        var weight = randn([rows, heads, queries, width], generator: _generator).to(ScalarType.BFloat16);

        var scores = q.Exact.transpose(1, 2).matmul(k.Exact.transpose(1, 2).transpose(2, 3)) * scale;
        scores = added is null ? scores : scores + added.Value.Exact;
        scores = causal ? scores.masked_fill(ones(queries, keys, ScalarType.Bool).triu(1), double.NegativeInfinity) : scores;
        var expected = scores.softmax(-1).matmul(v.Exact.transpose(1, 2));
        (expected * weight.to(ScalarType.Float64)).sum().backward();

        using var firstOrder = new FirstOrder(new(1));
        var ours = FusedAttention.Of(q.Ours.transpose(1, 2), k.Ours.transpose(1, 2), v.Ours.transpose(1, 2), added?.Ours, scale, causal, new(0, default));
        (ours * weight).sum().backward();

        Close(expected, ours);
        Close(q.Exact.grad!, q.Ours.grad!);
        Close(k.Exact.grad!, k.Ours.grad!);
        Close(v.Exact.grad!, v.Ours.grad!);
        if (added is { } both)
        {
            Close(both.Exact.grad!, both.Ours.grad!);
        }
    }

    [Fact]
    public void DropsWeightsAndTheirGradientsAlike()
    {
        // with values of one, an output is the sum of the weights that were kept: its gradient by scores follows from weights and mask alone
        const int length = 150;
        Tensor Draw() => randn([1, 1, length, 4], generator: _generator).to(ScalarType.BFloat16);
        var (q, k) = (Draw(), Draw());
        var v = Leaf(eye(length).view(1, 1, length, length).to(ScalarType.BFloat16));
        var (query, keys) = (Leaf(q), Leaf(k));
        using var firstOrder = new FirstOrder(new(1));
        var mask = new DropoutMask(0.25, new(11, 3));

        // identity values show the dropped weights themselves
        var weights = FusedAttention.Of(q.detach(), k.detach(), v.Ours.detach(), null, 1, false, mask).to(ScalarType.Float64);
        var kept = weights.ne(0).to(ScalarType.Float64) / 0.75;
        var expected = q.to(ScalarType.Float64).matmul(k.to(ScalarType.Float64).transpose(2, 3)).softmax(-1) * kept;
        Close(expected, weights);
        Assert.InRange(kept.ne(0).to(ScalarType.Float64).mean().item<double>(), 0.73, 0.77);

        var by = randn([1, 1, length, length], generator: _generator).to(ScalarType.BFloat16);
        (query.Exact.matmul(keys.Exact.transpose(2, 3)).softmax(-1) * kept * by.to(ScalarType.Float64)).sum().backward();
        (FusedAttention.Of(query.Ours, keys.Ours, v.Ours, null, 1, false, mask) * by).sum().backward();
        Close(query.Exact.grad!, query.Ours.grad!);
        Close(keys.Exact.grad!, keys.Ours.grad!);
        Close(expected.transpose(2, 3).matmul(by.to(ScalarType.Float64)), v.Ours.grad!);
    }

    [Fact]
    public void LeavesNoTensorBehind()
    {
        void Once()
        {
            using var scope = NewDisposeScope();
            using var firstOrder = new FirstOrder(new(1));
            var q = randn([1, 2, 20, 4], generator: _generator).to(ScalarType.BFloat16).requires_grad_();
            FusedAttention.Of(q, q, q, null, 1, true, new(0.1, new(1, 1))).sum().backward();
        }

        long Live()
        {
            // what other tests have left to the finalizers goes first
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return Tensor.TotalCount;
        }

        Once();
        var before = Live();
        Once();
        Assert.InRange(Live(), 0, before);
    }

    public void Dispose() => _scope.Dispose();

    private static (Tensor Exact, Tensor Ours) Leaf(Tensor value) => (value.to(ScalarType.Float64).requires_grad_(), value.clone().requires_grad_());

    private static void Close(Tensor expected, Tensor actual) =>
        Assert.InRange((expected - actual.to(ScalarType.Float64)).abs().max().item<double>(), 0, Tolerance * expected.abs().max().item<double>());
}
