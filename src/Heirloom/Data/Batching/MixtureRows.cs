using System.Collections.Immutable;

namespace Heirloom.Data.Batching;

/// <summary>
/// Draws every row's stream anew by the weights of its step. Each stream is consumed in its own order without leaving rows out. Which row of a stream comes
/// at an index depends on how often that stream was drawn before; the draws are replayed for that (some nanoseconds each, the counts kept every thousand
/// rows), so a row is a pure function of its index, also after a jump.
/// </summary>
public sealed class MixtureRows<TRow> : IRows<TRow>
{
    private const int Stretch = 1024;
    private readonly ImmutableArray<IRows<TRow>> _streams;
    private readonly MixtureConfig _config;
    private readonly ulong _seed;
    private readonly int _rowsPerStep;
    private readonly Lock _lock = new();

    // draws of each stream before row Stretch · i
    private readonly List<long[]> _drawn;

    /// <param name="streams">What is mixed.</param>
    /// <param name="config">The weights.</param>
    /// <param name="rowsPerStep">Rows that share a step, for weights that change with it.</param>
    /// <param name="seed">Decides the draws.</param>
    public MixtureRows(IEnumerable<IRows<TRow>> streams, MixtureConfig config, int rowsPerStep, Seed seed)
    {
        (_streams, _config, _rowsPerStep, _seed) = ([.. streams], config, rowsPerStep, seed.Value);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rowsPerStep);
        config.Check(_streams.Length);
        _drawn = [new long[_streams.Length]];
        var phases = string.Join('\n', config.Phases.Select(p => $"{p.From}: {string.Join(' ', p.Weights)}"));
        Fingerprint = Hashes.OfText($"mixture {config.Change} {phases} {rowsPerStep} {_seed} {string.Join('\n', _streams.Select(s => s.Fingerprint))}");
    }

    public string Fingerprint { get; }

    /// <summary>None: the streams' epochs end at different times.</summary>
    public long? RowsPerEpoch => null;

    public TRow Row(long index)
    {
        var (stream, row) = Locate(index);
        return _streams[stream].Row(row);
    }

    /// <summary>The stream that a row comes from, and which of its rows it is.</summary>
    public (int Stream, long Row) Locate(long index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        var counts = DrawnBefore(index / Stretch);
        var weights = new Weights(_config, _rowsPerStep);
        for (var at = index / Stretch * Stretch; at < index; at++)
        {
            counts[Draw(at, ref weights)]++;
        }

        var stream = Draw(index, ref weights);
        return (stream, counts[stream]);
    }

    private long[] DrawnBefore(long stretch)
    {
        lock (_lock)
        {
            var weights = new Weights(_config, _rowsPerStep);
            while (_drawn.Count <= stretch)
            {
                var counts = (long[])_drawn[^1].Clone();
                var from = (_drawn.Count - 1L) * Stretch;
                for (var at = from; at < from + Stretch; at++)
                {
                    counts[Draw(at, ref weights)]++;
                }

                _drawn.Add(counts);
            }

            return (long[])_drawn[(int)stretch].Clone();
        }
    }

    private int Draw(long index, ref Weights weights)
    {
        var at = Mixing.Uniform(_seed, (ulong)index);
        var current = weights.Of(index);
        var last = 0;
        for (var i = 0; i < current.Length; i++)
        {
            if (current[i] > 0)
            {
                last = i;
                at -= current[i];
                if (at < 0)
                {
                    break;
                }
            }
        }

        return last;
    }

    /// <summary>The weights of the step that was asked for last.</summary>
    private struct Weights(MixtureConfig config, int rowsPerStep)
    {
        private long _step = -1;
        private double[] _values = [];

        public double[] Of(long index)
        {
            if (index / rowsPerStep != _step)
            {
                _step = index / rowsPerStep;
                _values = config.WeightsAt(_step);
            }

            return _values;
        }
    }
}
