using System.Numerics;
using static TorchSharp.torch;

namespace Heirloom.Generation;

/// <summary>Chooses next tokens as its settings say.</summary>
/// <remarks>It keeps memory from step to step: one thread at a time.</remarks>
public sealed class Sampler
{
    private readonly SamplingConfig _config;
    private readonly ILogitRule[] _rules;
    private float[] _probabilities = [];
    private int[] _ids = [];

    /// <param name="config">The settings.</param>
    /// <param name="rules">Applied before them, in order.</param>
    public Sampler(SamplingConfig config, IEnumerable<ILogitRule>? rules = null)
    {
        _config = config;
        _rules = [.. rules ?? [], .. config.Rules()];
    }

    /// <summary>One token a row.</summary>
    /// <param name="logits"><c>[B, V]</c> float32.</param>
    /// <param name="rows">What each row holds so far.</param>
    /// <param name="random">A generator for each row, so that what a row draws does not depend on the others.</param>
    public long[] Next(Tensor logits, IReadOnlyList<IReadOnlyList<int>> rows, IReadOnlyList<Rng> random)
    {
        using var scope = NewDisposeScope();
        foreach (var rule in _rules)
        {
            logits = rule.Apply(logits, rows);
        }

        using var read = new LogitRows(logits);
        var next = new long[logits.shape[0]];
        for (var b = 0; b < next.Length; b++)
        {
            next[b] = _config.Temperature == 0 ? LogitRows.Likeliest(read[b]) : Draw(Distribution(read[b]), random[b]);
        }

        return next;
    }

    /// <summary>The distribution from which a next token is drawn.</summary>
    /// <param name="logits"><c>[V]</c>, after all rules.</param>
    /// <returns><c>[V]</c> probabilities, 0 for tokens that were filtered out; they hold until the next call.</returns>
    public ReadOnlySpan<float> Distribution(ReadOnlySpan<float> logits)
    {
        if (_probabilities.Length != logits.Length)
        {
            (_probabilities, _ids) = (new float[logits.Length], new int[logits.Length]);
        }

        var probabilities = _probabilities.AsSpan();
        if (_config.Temperature == 0)
        {
            probabilities.Clear();
            probabilities[LogitRows.Likeliest(logits)] = 1;
            return probabilities;
        }

        Exponentials(logits, probabilities);
        var ids = _ids.AsSpan();
        for (var i = 0; i < ids.Length; i++)
        {
            ids[i] = i;
        }

        if (_config.TopK is { } k && k < ids.Length)
        {
            // by index, not by threshold: exactly k stay where some are equal
            Heaviest.Count(ids, logits, k);
            ids = Keep(ids, k, probabilities);
        }

        if (_config.TopP is { } p && p < 1)
        {
            ids = Keep(ids, Heaviest.Mass(ids, probabilities, p * Total(probabilities)), probabilities);
        }

        if (_config.MinP is { } share)
        {
            foreach (var id in ids)
            {
                // the likeliest one's is 1 so far
                probabilities[id] = probabilities[id] < share ? 0 : probabilities[id];
            }
        }

        var scale = (float)(1 / Total(probabilities));
        for (var i = 0; i < probabilities.Length; i++)
        {
            probabilities[i] *= scale;
        }

        return probabilities;
    }

    /// <summary><c>exp((l − max) / T)</c></summary>
    private void Exponentials(ReadOnlySpan<float> logits, Span<float> exponentials)
    {
        var (max, inverse) = (LogitRows.Max(logits), (float)(1 / _config.Temperature));
        var i = 0;
        for (; i + Vector<float>.Count <= logits.Length; i += Vector<float>.Count)
        {
            Vector.Exp((new Vector<float>(logits[i..]) - new Vector<float>(max)) * inverse).CopyTo(exponentials[i..]);
        }

        for (; i < logits.Length; i++)
        {
            exponentials[i] = MathF.Exp((logits[i] - max) * inverse);
        }
    }

    private static Span<int> Keep(Span<int> ids, int count, Span<float> probabilities)
    {
        foreach (var id in ids[count..])
        {
            probabilities[id] = 0;
        }

        return ids[..count];
    }

    private static double Total(ReadOnlySpan<float> values)
    {
        double sum = 0;
        foreach (var value in values)
        {
            sum += value;
        }

        return sum;
    }

    /// <summary>The first token up to which the probabilities, in the vocabulary's order, are more than a uniform share of all.</summary>
    private static int Draw(ReadOnlySpan<float> probabilities, Rng random)
    {
        var target = random.NextDouble() * Total(probabilities);
        var (sum, last) = (0.0, 0);
        for (var i = 0; i < probabilities.Length; i++)
        {
            if (probabilities[i] > 0)
            {
                (sum, last) = (sum + probabilities[i], i);
                if (sum > target)
                {
                    break;
                }
            }
        }

        // the last that is allowed, where rounding lands behind it
        return last;
    }
}
