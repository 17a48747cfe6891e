namespace Heirloom.Generation;

/// <summary>Finds the fewest greatest of many numbers that are enough, without sorting them (Hoare's selection).</summary>
internal static class Heaviest
{
    /// <summary>Moves the k of the greatest values to the front.</summary>
    /// <param name="ids">Which values; they are reordered.</param>
    /// <param name="values">By id. Of equal ones the lower id comes first.</param>
    /// <param name="k">How many; at most as many as there are.</param>
    public static void Count(Span<int> ids, ReadOnlySpan<float> values, int k) => Select(ids, values, k, byCount: true);

    /// <summary>Moves to the front the fewest of the greatest values whose sum is at least <paramref name="mass"/>.</summary>
    /// <param name="ids">Which values; they are reordered.</param>
    /// <param name="values">By id; none negative. Of equal ones the lower id comes first.</param>
    /// <param name="mass">Sum that is enough.</param>
    /// <returns>How many they are: at least one, and all of them where their sum is not enough.</returns>
    public static int Mass(Span<int> ids, ReadOnlySpan<float> values, double mass) => Math.Max(1, Select(ids, values, mass, byCount: false));

    private static int Select(Span<int> ids, ReadOnlySpan<float> values, double enough, bool byCount)
    {
        var (first, end) = (0, ids.Length);
        while (first < end)
        {
            var middle = Partition(ids[first..end], values) + first;
            double before = 0;
            for (var i = first; i < middle; i++)
            {
                before += byCount ? 1 : values[ids[i]];
            }

            if (before >= enough)
            {
                end = middle;
                continue;
            }

            enough -= before + (byCount ? 1 : values[ids[middle]]);
            first = middle + 1;
            if (enough <= 0)
            {
                return first;
            }
        }

        return end;
    }

    /// <summary>Moves what comes before one of them to its left, the rest to its right.</summary>
    /// <returns>Where that one stands.</returns>
    private static int Partition(Span<int> ids, ReadOnlySpan<float> values)
    {
        var (left, right) = (0, ids.Length - 1);
        (ids[ids.Length / 2], ids[right]) = (ids[right], ids[ids.Length / 2]);
        var pivot = ids[right];
        for (var i = 0; i < right; i++)
        {
            if (values[ids[i]] > values[pivot] || (values[ids[i]] == values[pivot] && ids[i] < pivot))
            {
                (ids[left], ids[i]) = (ids[i], ids[left]);
                left++;
            }
        }

        (ids[left], ids[right]) = (ids[right], ids[left]);
        return left;
    }
}
