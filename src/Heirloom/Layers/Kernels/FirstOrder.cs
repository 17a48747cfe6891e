namespace Heirloom.Layers.Kernels;

/// <summary>
/// While it lives, layers and losses of this thread may use kernels that write gradients by hand: faster, and differentiable once. Whoever opens it says that no
/// gradient will be differentiated again; an attempt fails loudly.
/// </summary>
public sealed class FirstOrder : IDisposable
{
    [ThreadStatic]
    private static FirstOrder? t_current;

    private readonly FirstOrder? _outer;
    private readonly Seed _seed;
    private ulong _streams;

    /// <param name="seed">Of what layers draw (dropout): every use takes the next stream of it.</param>
    public FirstOrder(Seed seed)
    {
        (_outer, _seed) = (t_current, seed);
        t_current = this;
    }

    /// <summary>Whether such kernels may be used here.</summary>
    internal static bool Holds => t_current is not null && TorchSharp.torch.is_grad_enabled();

    public void Dispose() => t_current = _outer;

    /// <summary>Random numbers that no other use in this scope has.</summary>
    internal static Philox NextStream()
    {
        var current = t_current ?? throw new InvalidOperationException("outside a scope");
        return new(current._seed.Value, current._streams++);
    }

    /// <summary>Called by every backward pass written by hand.</summary>
    /// <exception cref="NotSupportedException">Gradients are being recorded.</exception>
    internal static void Require()
    {
        if (TorchSharp.torch.is_grad_enabled())
        {
            throw new NotSupportedException("this gradient was written by hand and cannot be differentiated again: compute it outside FirstOrder");
        }
    }
}
