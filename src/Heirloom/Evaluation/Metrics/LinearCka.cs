using static TorchSharp.torch;

namespace Heirloom.Evaluation.Metrics;

/// <summary>
/// How alike two representations of the same examples are, whatever rotates or scales them: ‖YᵀX‖² ÷ (‖XᵀX‖ ‖YᵀY‖) in Frobenius norms, features centred.
/// Summed up batch by batch, so that it needs the squares of the widths in memory and not the examples.
/// </summary>
/// <remarks>Kornblith et al. 2019, "Similarity of Neural Network Representations Revisited", equation 2 with linear kernels.</remarks>
public sealed class LinearCka : IDisposable
{
    private Tensor? _xx, _yy, _xy, _x, _y;
    private long _count;

    /// <summary>Adds examples.</summary>
    /// <param name="x"><c>[N, D]</c></param>
    /// <param name="y"><c>[N, E]</c>, of the same examples.</param>
    public void Add(Tensor x, Tensor y)
    {
        using var quiet = no_grad();
        using var scope = NewDisposeScope();
        (x, y) = (x.detach().to(float64).cpu(), y.detach().to(float64).cpu());
        Sum(ref _xx, x.t().mm(x));
        Sum(ref _yy, y.t().mm(y));
        Sum(ref _xy, x.t().mm(y));
        Sum(ref _x, x.sum(0L));
        Sum(ref _y, y.sum(0L));
        _count += x.shape[0];
    }

    /// <summary>From 0 to 1; not a number before there are two examples that differ.</summary>
    public double Value
    {
        get
        {
            if (_count < 2)
            {
                return double.NaN;
            }

            using var scope = NewDisposeScope();
            var (xx, yy, xy) = (_xx! - (_x!.outer(_x) / _count), _yy! - (_y!.outer(_y) / _count), _xy! - (_x!.outer(_y!) / _count));
            return xy.square().sum().item<double>() / Math.Sqrt(xx.square().sum().item<double>() * yy.square().sum().item<double>());
        }
    }

    public void Dispose()
    {
        foreach (var sum in new[] { _xx, _yy, _xy, _x, _y })
        {
            sum?.Dispose();
        }
    }

    private static void Sum(ref Tensor? total, Tensor part)
    {
        var old = total;
        total = (old is null ? part : old + part).DetachFromDisposeScope();
        old?.Dispose();
    }
}
