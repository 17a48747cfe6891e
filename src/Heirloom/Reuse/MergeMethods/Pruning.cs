using System.Numerics.Tensors;

namespace Heirloom.Reuse.MergeMethods;

/// <summary>Ways to leave elements of a task vector out.</summary>
internal static class Pruning
{
    public delegate void Prune(Span<float> vector);

    /// <summary>Prunes, and where it is asked for multiplies what is left so that the sum of magnitudes is as before.</summary>
    public static void Rescaled(Span<float> vector, bool rescale, Prune prune)
    {
        var before = rescale ? MergeMath.Magnitudes(vector) : 0;
        prune(vector);
        var after = rescale ? MergeMath.Magnitudes(vector) : 0;
        if (before > 0 && after > 0)
        {
            TensorPrimitives.Multiply(vector, (float)(before / after), vector);
        }
    }

    /// <summary>Every element stays with the same probability, divided by it where that is asked for: the expectation is the vector itself.</summary>
    /// <remarks>Yu et al. 2024, "Language Models are Super Mario", equation 3.</remarks>
    public static void Drop(Span<float> vector, double density, bool rescale, Seed seed)
    {
        if (density >= 1)
        {
            return;
        }

        var random = seed.Random();
        var scale = rescale && density > 0 ? (float)(1 / density) : 1;
        foreach (ref var value in vector)
        {
            value = random.NextDouble() < density ? value * scale : 0;
        }
    }

    /// <summary>Without the greatest (a share <paramref name="gamma"/>) and so many of the least that a share <paramref name="density"/> stays.</summary>
    /// <remarks>Davari and Belilovsky 2024, "Model Breadcrumbs"; γ is their 1 − β.</remarks>
    public static void Outliers(Span<float> vector, double density, double gamma)
    {
        if (density >= 1)
        {
            return;
        }

        var stay = (int)(density * vector.Length);
        var greatest = Math.Min((int)(gamma * vector.Length), vector.Length - stay);
        MagnitudeSelection.Apply(vector, stay + greatest, keep: true);
        MagnitudeSelection.Apply(vector, greatest, keep: false);
    }

    /// <summary>An element stays with a probability from density − ε to density + ε by the rank of its magnitude in its row, divided by it where that is asked for.</summary>
    /// <remarks>Deep, Bhardwaj and Poria 2024, "DELLA-Merging", section 3 (MagPrune).</remarks>
    public static void Ranked(Span<float> vector, double density, double epsilon, int rowLength, bool rescale, Seed seed)
    {
        if (density >= 1)
        {
            return;
        }

        var random = seed.Random();
        var order = new ulong[rowLength];
        for (var from = 0; from < vector.Length; from += rowLength)
        {
            var row = vector.Slice(from, rowLength);
            for (var i = 0; i < order.Length; i++)
            {
                // magnitudes of floats are ordered as their bits are; equal ones in the order of their places
                order[i] = ((ulong)(BitConverter.SingleToUInt32Bits(row[i]) & 0x7FFF_FFFF) << 32) | (uint)i;
            }

            order.AsSpan().Sort();
            for (var rank = 0; rank < order.Length; rank++)
            {
                var stays = rowLength == 1 ? density : density - epsilon + (2 * epsilon * rank / (rowLength - 1));
                ref var value = ref row[(int)(uint)order[rank]];
                value = random.NextDouble() < stays ? rescale ? (float)(value / stays) : value : 0;
            }
        }
    }
}
