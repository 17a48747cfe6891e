using System.Runtime.ExceptionServices;
using Heirloom.Data;
using Heirloom.Layers;
using Heirloom.Models;
using Heirloom.Objectives;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Training.Workers;

/// <summary>
/// Data-parallel training within a process: workers, each a thread with its rows of the batch, compute losses and gradients of the same weights, which are
/// summed in the workers' order and weighted by their terms, so that the step is the one that the whole batch would have made.
/// </summary>
/// <remarks>
/// An objective that draws per row (masking) draws otherwise, as a worker counts its own rows from 0; dropout draws from one generator in whichever order
/// threads come. Workers compute in the weights' own type, without autocast.
/// </remarks>
public static class DataParallel
{
    /// <summary>Divides the batches of an objective among workers.</summary>
    /// <param name="objective">Of one worker.</param>
    /// <param name="workers">At least 1; a batch with fewer rows has fewer.</param>
    public static Objective<TModel, TBatch> Over<TModel, TBatch>(Objective<TModel, TBatch> objective, int workers)
        where TModel : IModel
        where TBatch : IBatch<TBatch>
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(workers);
        return (model, batch, seed) =>
        {
            var count = (int)Math.Min(workers, batch.Count);
            Tensor[] parameters = [.. model.Module.parameters().Where(p => p.requires_grad)];
            var results = new Share[count];
            var errors = new Exception?[count];
            Thread[] threads = [.. Enumerable.Range(0, count).Select(w => new Thread(() =>
            {
                try
                {
                    var (from, to) = (w * batch.Count / count, (w + 1) * batch.Count / count);
                    results[w] = Compute(objective, model, () => batch.Rows(from, to - from), seed.For("worker", w), parameters);
                }
                catch (Exception e)
                {
                    errors[w] = e;
                }
            }))];
            Array.ForEach(threads, t => t.Start());
            Array.ForEach(threads, t => t.Join());
            foreach (var error in errors.OfType<Exception>())
            {
                Array.ForEach(results, r => r?.Dispose());
                ExceptionDispatchInfo.Throw(error);
            }

            var loss = Reduce(results, parameters);
            Array.ForEach(results, r => r.Dispose());
            return loss;
        };
    }

    private static Share Compute<TModel, TBatch>(Objective<TModel, TBatch> objective, TModel model, Func<TBatch> part, Seed seed, Tensor[] parameters)
        where TBatch : IBatch<TBatch>
    {
        using var scope = NewDisposeScope();
        using var _ = enable_grad();
        var batch = part();
        var loss = objective(model, batch, seed);
        var weight = loss.Terms?.to(float64).item<double>() ?? batch.Count;
        if (weight == 0)
        {
            return new(0, 0, [], []);
        }

        var gradients = autograd.grad([loss.Total], parameters, allow_unused: true);
        return new(
            weight,
            loss.Total.to(float64).item<double>(),
            [.. loss.Parts.Select(p => (p.Name, p.Value.to(float64).item<double>()))],
            [.. gradients.Select(g => g is null || g.IsInvalid ? null : g.detach().DetachFromDisposeScope())]);
    }

    /// <summary>A loss of the summed value, whose gradient is the summed gradient exactly: Σ p·g is linear in the weights p.</summary>
    private static Loss Reduce(Share[] shares, Tensor[] parameters)
    {
        using var scope = NewDisposeScope();
        var terms = shares.Sum(s => s.Weight);
        Scalar[] weights = [.. shares.Select(s => (Scalar)(s.Weight / terms))];
        var total = zeros(1, device: parameters[0].device).squeeze();
        for (var i = 0; i < parameters.Length; i++)
        {
            Tensor? sum = null;
            foreach (var (share, weight) in shares.Zip(weights).Where(s => s.First.Gradients.Count > 0 && s.First.Gradients[i] is not null))
            {
                var weighted = share.Gradients[i]!.mul(weight);
                sum = sum is null ? weighted : sum.add(weighted, KeptScalar.One);
            }

            total = sum is null ? total : total.add(parameters[i].mul(sum).sum().to(total.dtype), KeptScalar.One);
        }

        Scalar value = terms == 0 ? 0 : shares.Sum(s => s.Weight * s.Value) / terms;
        total = total.sub(total.detach()).add(value);
        GC.KeepAlive(weights); // see KeptScalar
        GC.KeepAlive(value);
        (string, Tensor)[] parts = [.. shares.SelectMany(s => s.Parts.Select(p => (p.Name, Value: p.Value * s.Weight / terms))).GroupBy(p => p.Name)
            .Select(g => (g.Key, tensor(g.Sum(p => p.Value), dtype: float32).MoveToOuterDisposeScope()))];
        return new(total.MoveToOuterDisposeScope(), parts) { Terms = tensor(terms, dtype: float64).MoveToOuterDisposeScope() };
    }

    /// <summary>What a worker found.</summary>
    private sealed record Share(double Weight, double Value, IReadOnlyList<(string Name, double Value)> Parts, IReadOnlyList<Tensor?> Gradients) : IDisposable
    {
        public void Dispose()
        {
            foreach (var gradient in Gradients)
            {
                gradient?.Dispose();
            }
        }
    }
}
