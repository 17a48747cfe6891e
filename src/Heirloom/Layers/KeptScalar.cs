using System.Collections.Concurrent;
using TorchSharp;

namespace Heirloom.Layers;

/// <summary>
/// Scalars that live for ever, for operations that every step repeats. TorchSharp reads a temporary scalar's handle and lets go of it before
/// libtorch has read the value, so once in a million operations a garbage collection comes in between and libtorch reads freed memory.
/// </summary>
internal static class KeptScalar
{
    private static readonly ConcurrentDictionary<long, Scalar> s_whole = [];
    private static readonly ConcurrentDictionary<double, Scalar> s_real = [];

    [ThreadStatic]
    private static Scalar[]? t_passing;

    [ThreadStatic]
    private static int t_next;

    public static readonly Scalar One = 1;

    public static readonly Scalar Two = 2;

    public static readonly Scalar MinusOne = -1;

    public static readonly Scalar Zero = 0;

    /// <summary>The slope of the sigmoid in <see cref="Activation.QuickGelu"/>.</summary>
    public static readonly Scalar QuickGeluSlope = 1.702;

    /// <summary>A number of the settings (an id, a width), of which a process meets few: never one that changes from step to step.</summary>
    public static Scalar Of(long value) => s_whole.GetOrAdd(value, static v => v);

    /// <inheritdoc cref="Of(long)"/>
    public static Scalar Of(double value) => s_real.GetOrAdd(value, static v => v);

    /// <summary>A number that changes from step to step: kept until its thread has asked for 64 others, long after libtorch has read it.</summary>
    public static Scalar Passing(double value)
    {
        var passing = t_passing ??= new Scalar[64];
        t_next = (t_next + 1) % passing.Length;
        return passing[t_next] = value;
    }
}
