using Heirloom.Layers;

namespace Heirloom.Generation.Cpu;

/// <summary>What positions add to attention scores, for each head: a number for each distance, or for each key.</summary>
internal sealed unsafe class ScoreBias : IDisposable
{
    private readonly FloatBuffer _table;
    private readonly int _capacity;
    private readonly bool _byDistance;

    private ScoreBias(int heads, int capacity, bool byDistance, Func<int, int, float> value)
    {
        (_capacity, _byDistance) = (capacity, byDistance);
        _table = new((long)heads * capacity);
        for (var h = 0; h < heads; h++)
        {
            for (var i = 0; i < capacity; i++)
            {
                // distances backwards, so that keys go forward in memory
                _table.Data[((long)h * capacity) + (byDistance ? capacity - 1 - i : i)] = value(h, i);
            }
        }
    }

    /// <summary>That of a kind of positions; null where it adds nothing.</summary>
    /// <param name="positions">A kind that <see cref="DecoderCoverage"/> admits.</param>
    /// <param name="shape">The model's.</param>
    /// <param name="relative"><c>[buckets, heads]</c>: the weights of <see cref="RelativePositions"/>, else null.</param>
    /// <param name="capacity">Positions.</param>
    public static ScoreBias? Of(PositionsConfig positions, PositionsShape shape, float* relative, int capacity)
    {
        switch (positions)
        {
            case AlibiPositionsConfig alibi:
                var slopes = AlibiPositions.Slopes(shape.Heads);
                var factor = alibi.Scaled ? (float)(1 / Math.Sqrt(shape.HeadWidth)) : 1;
                return new(shape.Heads, capacity, !alibi.Rounded, (h, i) => alibi.Rounded
                    ? BFloat16.Round(BFloat16.Round((float)slopes[h]) * BFloat16.Round(i)) * factor
                    : -(i * (float)slopes[h] * factor));
            case RelativePositionsConfig config:
                return new(shape.Heads, capacity, true, (h, i) => relative[(RelativePositions.Bucket(-i, config.Buckets, config.MaxDistance, bidirectional: false) * shape.Heads) + h]);
            default:
                return null;
        }
    }

    /// <summary>Where the number for key 0 would be, for a query of a head; those of later keys follow.</summary>
    public float* For(int head, int query) => _table.Data + ((long)head * _capacity) + (_byDistance ? _capacity - 1 - query : 0);

    public void Dispose() => _table.Dispose();
}
