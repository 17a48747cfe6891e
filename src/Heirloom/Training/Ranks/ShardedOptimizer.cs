using System.Collections;
using Heirloom.Core.Ranks;
using Heirloom.Training.Optimizers;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Training.Ranks;

/// <summary>
/// Data parallelism with the optimizer's states divided among ranks (ZeRO stage 1; Rajbhandari et al. 2020): gradients are summed and each rank keeps
/// those of its own parameters, updates them, and gives the weights to all. That sends as much as summing gradients for everybody would.
/// </summary>
/// <remarks>
/// Buckets go through two buffers, so that packing, measuring and updating one goes on while another travels. They start when the backward passes are
/// through, for TorchSharp has no hook on a parameter's gradient.
/// </remarks>
internal sealed class ShardedOptimizer : IPhaseOptimizer
{
    private const int Buffers = 2;
    private readonly IReadOnlyList<NamedParameter> _parameters;
    private readonly IRanks _ranks;
    private readonly IReadOnlyList<Bucket> _buckets;
    private readonly Optimizer[] _optimizers;
    private readonly Tensor[] _gradients = new Tensor[Buffers], _mine = new Tensor[Buffers];
    private readonly BitArray _present;

    public ShardedOptimizer(IReadOnlyList<NamedParameter> parameters, OptimizerConfig config, IRanks ranks, long bucketElements = ShardPlan.BucketElements)
    {
        (_parameters, _ranks, _present) = (parameters, ranks, new(parameters.Count));
        _buckets = ShardPlan.Of(parameters, ranks.Count, bucketElements);
        _optimizers = [.. _buckets.Select(b => config.Build([.. b.Members.Where(m => m.Owner == ranks.Rank).Select(m => m.Parameter)]))];
        var device = parameters[0].Value.device;
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        for (var i = 0; i < Math.Min(Buffers, _buckets.Count); i++)
        {
            _gradients[i] = empty(_buckets.Max(b => b.Size), dtype: float32, device: device).DetachFromDisposeScope();
            _mine[i] = empty(_buckets.Max(b => b.Counts[ranks.Rank]), dtype: float32, device: device).DetachFromDisposeScope();
        }
    }

    public void ZeroGradients()
    {
        foreach (var parameter in _parameters)
        {
            parameter.Value.grad = null;
        }
    }

    public PhaseGradient Gradient(Func<GradientSums> compute)
    {
        var local = _ranks.Together(compute);
        for (var i = 0; i < _parameters.Count; i++)
        {
            _present[i] = _parameters[i].Value.grad is not null;
        }

        var total = StepMinutes.Read(_ranks.Gather(StepMinutes.Write(local, _present)), _present);
        if (total.Bad is not null || total.Terms == 0)
        {
            return total.ToGradient(0);
        }

        Reduce(local.Reference);
        var squares = GradientNorm.SumOfSquares([.. _optimizers.SelectMany(o => o.Parameters)]);
        return total.ToGradient(_ranks.Gather(BitConverter.GetBytes(squares)).Sum(s => BitConverter.ToDouble(s)));
    }

    public void Step(double factor, double gradientScale)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        var travelling = new Tensor[Buffers];
        InTurns(
            (bucket, buffer) =>
            {
                _optimizers[bucket].Step(factor, gradientScale);
                var (type, members, counts) = _buckets[bucket];
                travelling[buffer] = type == ScalarType.Float32 ? _gradients[buffer].narrow(0, 0, _buckets[bucket].Size) : empty(_buckets[bucket].Size, dtype: type, device: _gradients[buffer].device);
                foreach (var member in members.Where(m => m.Owner == _ranks.Rank))
                {
                    View(travelling[buffer], member).copy_(member.Parameter.Value.detach());
                }

                return _ranks.AllGather(travelling[buffer], counts);
            },
            (bucket, buffer) =>
            {
                foreach (var member in _buckets[bucket].Members.Where(m => m.Owner != _ranks.Rank && _present[m.Index]))
                {
                    member.Parameter.Value.detach().copy_(View(travelling[buffer], member));
                }
            });
    }

    public IReadOnlyList<KeyValuePair<string, Tensor>> State() => StateGathering.ToLeader([.. _optimizers.SelectMany(o => o.State())], _ranks);

    public void Load(Func<string, Tensor> read)
    {
        foreach (var optimizer in _optimizers)
        {
            optimizer.Load(read);
        }
    }

    public void Dispose()
    {
        foreach (var owned in _optimizers.Cast<IDisposable>().Concat(_gradients).Concat(_mine))
        {
            owned?.Dispose();
        }
    }

    /// <summary>Leaves the sum of all ranks' gradients in the parameters that this rank owns, and none in the others.</summary>
    private void Reduce(double reference)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        Scalar weight = reference;
        InTurns(
            (bucket, buffer) =>
            {
                var values = _gradients[buffer].narrow(0, 0, _buckets[bucket].Size);
                foreach (var member in _buckets[bucket].Members)
                {
                    var place = View(values, member);
                    if (reference != 0 && member.Parameter.Value.grad is { } gradient)
                    {
                        place.copy_(gradient);
                    }
                    else
                    {
                        place.zero_();
                    }
                }

                if (reference is not 0 and not 1)
                {
                    values.mul_(weight);
                }

                return _ranks.ReduceScatter(values, _buckets[bucket].Counts, _mine[buffer].narrow(0, 0, _buckets[bucket].Counts[_ranks.Rank]));
            },
            (bucket, buffer) =>
            {
                var start = _buckets[bucket].Counts.Take(_ranks.Rank).Sum();
                foreach (var member in _buckets[bucket].Members)
                {
                    var parameter = member.Parameter.Value;
                    parameter.grad = member.Owner == _ranks.Rank && _present[member.Index]
                        ? View(_mine[buffer], member with { Offset = member.Offset - start }).to(parameter.dtype, copy: true)
                        : null;
                }
            });
        GC.KeepAlive(weight); // see KeptScalar
    }

    /// <summary>Starts bucket after bucket, and finishes one when its buffer is needed or all are started.</summary>
    private void InTurns(Func<int, int, Task> start, Action<int, int> finish)
    {
        var under = new Queue<(int Bucket, Task Travel)>();
        void Finish()
        {
            var (bucket, travel) = under.Dequeue();
            travel.GetAwaiter().GetResult();
            finish(bucket, bucket % Buffers);
        }

        for (var bucket = 0; bucket < _buckets.Count; bucket++)
        {
            if (under.Count == Buffers)
            {
                Finish();
            }

            under.Enqueue((bucket, start(bucket, bucket % Buffers)));
        }

        while (under.Count > 0)
        {
            Finish();
        }
    }

    private static Tensor View(Tensor flat, Placed member) => flat.narrow(0, member.Offset, member.Parameter.Value.numel()).view(member.Parameter.Value.shape);
}
