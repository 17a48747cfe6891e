using Heirloom.Evaluation.Metrics;
using static TorchSharp.torch;

namespace Heirloom.Tests.Evaluation;

public sealed class LinearCkaTests
{
    [Fact]
    public void Is_the_published_quotient_of_centred_features_however_the_batches_fall()
    {
        using var scope = NewDisposeScope();
        using var generator = new Seed(1).Generator();
        var (x, y) = (randn([40, 5], generator: generator) + 3, randn([40, 7], generator: generator) - 1);
        y = y + x.mm(randn([5, 7], generator: generator));

        // by the kernels of examples: tr(K H L H) ÷ √(tr(KHKH) tr(LHLH))
        var centre = eye(40) - (ones([40, 40]) / 40);
        double Inner(Tensor a, Tensor b) => a.mm(a.t()).mm(centre).mm(b.mm(b.t())).mm(centre).trace().item<float>();
        var expected = Inner(x, y) / Math.Sqrt(Inner(x, x) * Inner(y, y));
        using var cka = new LinearCka();
        cka.Add(x[..7], y[..7]);
        cka.Add(x[7..], y[7..]);
        Assert.Equal(expected, cka.Value, 1e-4);
    }

    [Fact]
    public void Rotations_and_scales_change_nothing()
    {
        using var scope = NewDisposeScope();
        using var generator = new Seed(2).Generator();
        var x = randn([50, 6], generator: generator);
        var (q, _) = linalg.qr(randn([6, 6], generator: generator));
        using LinearCka turned = new(), other = new();
        turned.Add(x, (x.mm(q) * 7) + 2);
        other.Add(x, randn([50, 6], generator: generator));
        Assert.Equal(1, turned.Value, 1e-6);
        Assert.InRange(other.Value, 0, 0.5);
    }
}
