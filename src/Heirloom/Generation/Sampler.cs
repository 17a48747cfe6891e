using static TorchSharp.torch;

namespace Heirloom.Generation;

/// <summary>Chooses next tokens as its settings say.</summary>
public sealed class Sampler
{
    private readonly SamplingConfig _config;
    private readonly ILogitRule[] _rules;

    /// <param name="config">The settings.</param>
    /// <param name="rules">Applied before them, in order.</param>
    public Sampler(SamplingConfig config, IEnumerable<ILogitRule>? rules = null)
    {
        _config = config;
        _rules = [.. rules ?? [], .. config.Rules()];
    }

    /// <summary>The distribution from which the next tokens are drawn.</summary>
    /// <param name="logits"><c>[B, V]</c> float32.</param>
    /// <param name="rows">What each row holds so far.</param>
    /// <returns><c>[B, V]</c> probabilities, 0 for tokens that were filtered out.</returns>
    public Tensor Distribution(Tensor logits, IReadOnlyList<IReadOnlyList<int>> rows)
    {
        using var scope = NewDisposeScope();
        logits = Ruled(logits, rows);
        if (_config.Temperature == 0)
        {
            return zeros_like(logits).scatter(1, logits.argmax(-1, keepdim: true), ones_like(logits)).MoveToOuterDisposeScope();
        }

        logits = logits.div(_config.Temperature);
        if (_config.TopK is { } k && k < logits.shape[1])
        {
            // by index, not by threshold: exactly k stay where some are equal
            var (values, indices) = logits.topk(k);
            logits = full_like(logits, double.NegativeInfinity).scatter(1, indices, values);
        }

        if (_config.TopP is { } p && p < 1)
        {
            var (sorted, order) = logits.softmax(-1).sort(-1, descending: true);
            var surplus = sorted.cumsum(-1).sub(sorted).ge(p); // what stands before it has enough already
            logits = logits.masked_fill(zeros_like(surplus).scatter(1, order, surplus), double.NegativeInfinity);
        }

        if (_config.MinP is { } share)
        {
            var floor = logits.amax([-1], keepdim: true).add(Math.Log(share));
            logits = logits.masked_fill(logits.lt(floor), double.NegativeInfinity);
        }

        return logits.softmax(-1).MoveToOuterDisposeScope();
    }

    /// <summary>One token a row.</summary>
    /// <param name="logits"><c>[B, V]</c> float32.</param>
    /// <param name="rows">What each row holds so far.</param>
    /// <param name="random">A generator for each row, so that what a row draws does not depend on the others.</param>
    public long[] Next(Tensor logits, IReadOnlyList<IReadOnlyList<int>> rows, IReadOnlyList<Rng> random)
    {
        using var scope = NewDisposeScope();
        if (_config.Temperature == 0)
        {
            return Ruled(logits, rows).argmax(-1).cpu().data<long>().ToArray();
        }

        var cumulative = Distribution(logits, rows).to(ScalarType.Float64).cumsum(-1);
        // a hair below the total, so that rounding never lands behind the last token that is allowed
        var uniform = tensor(random.Select(r => Math.Min(r.NextDouble(), 1 - 1e-12)).ToArray(), device: logits.device).unsqueeze(1);
        var target = cumulative.narrow(1, -1, 1).mul(uniform);
        return searchsorted(cumulative, target, right: true).view(-1).cpu().data<long>().ToArray();
    }

    private Tensor Ruled(Tensor logits, IReadOnlyList<IReadOnlyList<int>> rows)
    {
        foreach (var rule in _rules)
        {
            logits = rule.Apply(logits, rows);
        }

        return logits;
    }
}
