using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;

namespace Heirloom.Data.Batching;

/// <summary>How weights move between the phases of a mixture.</summary>
public enum MixtureChange
{
    /// <summary>They jump at a phase's step.</summary>
    Step,

    /// <summary>They move in a straight line to the next phase's.</summary>
    Linear,
}

/// <summary>Weights from a step on.</summary>
public sealed record MixturePhase : IExample<MixturePhase>
{
    public static MixturePhase Example => new() { Weights = [1] };

    [Range(0, long.MaxValue)]
    public long From { get; init; }

    /// <summary>One a stream, in the streams' order; only their ratios count.</summary>
    public required ImmutableArray<double> Weights { get; init; }
}

/// <summary>A mixture of streams whose weights may change while training.</summary>
public sealed record MixtureConfig : IExample<MixtureConfig>
{
    public static MixtureConfig Example => Constant(0.7, 0.3);

    /// <summary>Phases by ascending step; before the first, its weights hold.</summary>
    public required ImmutableArray<MixturePhase> Phases { get; init; }

    public MixtureChange Change { get; init; } = MixtureChange.Step;

    /// <summary>The same weights throughout.</summary>
    public static MixtureConfig Constant(params ImmutableArray<double> weights) => new() { Phases = [new() { Weights = weights }] };

    /// <summary>New data with a fraction of old: streams are (new, old).</summary>
    public static MixtureConfig Replay(double fraction) => Constant(1 - fraction, fraction);

    /// <summary>Normalized weights at a step.</summary>
    public double[] WeightsAt(long step)
    {
        var last = 0;
        while (last + 1 < Phases.Length && Phases[last + 1].From <= step)
        {
            last++;
        }

        var weights = Normalized(Phases[last]);
        if (Change == MixtureChange.Step || last + 1 == Phases.Length || step <= Phases[last].From)
        {
            return weights;
        }

        var next = Normalized(Phases[last + 1]);
        var done = (double)(step - Phases[last].From) / (Phases[last + 1].From - Phases[last].From);
        return [.. weights.Zip(next, (a, b) => a + (done * (b - a)))];
    }

    /// <exception cref="UserError">No phase, phases out of order, a weight missing, negative or not a number, or nothing but zeros.</exception>
    public void Check(int streams)
    {
        if (Phases.IsDefaultOrEmpty)
        {
            throw new UserError("a mixture has no weights", "phases", "give at least one phase");
        }

        for (var i = 0; i < Phases.Length; i++)
        {
            var weights = Phases[i].Weights;
            var where = $"phases[{i}]";
            if (weights.IsDefault || weights.Length != streams)
            {
                throw new UserError($"{(weights.IsDefault ? 0 : weights.Length)} weights for {streams} streams", where, "give one a stream, in their order");
            }

            if (weights.Any(w => !double.IsFinite(w) || w < 0) || weights.All(w => w == 0))
            {
                throw new UserError($"weights are {string.Join(", ", weights)}", where, "each must be at least 0, and one above it");
            }

            if (i > 0 && Phases[i].From <= Phases[i - 1].From)
            {
                throw new UserError($"starts at step {Phases[i].From}, not after the phase before it", where, "put phases in the order of their steps");
            }
        }
    }

    private static double[] Normalized(MixturePhase phase)
    {
        var sum = phase.Weights.Sum();
        return [.. phase.Weights.Select(w => w / sum)];
    }
}
