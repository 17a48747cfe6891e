namespace Heirloom.Reuse.MergeMethods;

/// <summary>The k elements of greatest magnitude, the first of equal ones, by counting in two passes over the bits of the numbers instead of sorting.</summary>
internal static class MagnitudeSelection
{
    private const int Half = 1 << 16;

    /// <summary>Sets to zero all but the greatest, or the greatest themselves.</summary>
    /// <param name="values">Changed in place.</param>
    /// <param name="count">How many are the greatest.</param>
    /// <param name="keep">Whether they are what stays.</param>
    public static void Apply(Span<float> values, int count, bool keep)
    {
        if (count >= values.Length || count <= 0)
        {
            if (count > 0 != keep)
            {
                values.Clear();
            }

            return;
        }

        var (threshold, same) = Threshold(values, count);
        foreach (ref var value in values)
        {
            var bits = Bits(value);
            var greatest = bits > threshold || (bits == threshold && same-- > 0);
            if (greatest != keep)
            {
                value = 0;
            }
        }
    }

    /// <summary>The magnitude of the last of the greatest, as bits, and how many of that magnitude are among them.</summary>
    private static (uint Magnitude, int Same) Threshold(ReadOnlySpan<float> values, int count)
    {
        var counts = new int[Half];
        foreach (var value in values)
        {
            counts[Bits(value) >> 16]++;
        }

        var high = Last(counts, ref count);
        counts.AsSpan().Clear();
        foreach (var value in values)
        {
            var bits = Bits(value);
            if (bits >> 16 == high)
            {
                counts[bits & (Half - 1)]++;
            }
        }

        var low = Last(counts, ref count);
        return ((high << 16) | low, count);
    }

    /// <summary>The bucket in which, from above, the count is reached; of the count, what falls into it stays.</summary>
    private static uint Last(int[] counts, ref int count)
    {
        var bucket = counts.Length - 1;
        while (counts[bucket] < count)
        {
            count -= counts[bucket--];
        }

        return (uint)bucket;
    }

    /// <summary>Magnitudes of floats are ordered as their bits are.</summary>
    private static uint Bits(float value) => BitConverter.SingleToUInt32Bits(value) & 0x7FFF_FFFF;
}
