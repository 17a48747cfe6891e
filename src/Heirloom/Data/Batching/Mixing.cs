namespace Heirloom.Data.Batching;

/// <summary>A stateless generator: number n of a seed's stream without the ones before it (SplitMix64's finalizer, Steele et al. 2014, twice).</summary>
internal static class Mixing
{
    public static ulong Mix(ulong seed, ulong index) => Finalize(Finalize(seed + 0x9E3779B97F4A7C15UL) + index);

    /// <summary>Uniform on [0, 1).</summary>
    public static double Uniform(ulong seed, ulong index) => (Mix(seed, index) >> 11) * (1.0 / (1UL << 53));

    private static ulong Finalize(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}
