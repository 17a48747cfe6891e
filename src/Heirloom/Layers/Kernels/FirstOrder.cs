namespace Heirloom.Layers.Kernels;

/// <summary>
/// While it lives, layers and losses of this thread may use kernels that write gradients by hand: faster, and differentiable once. Whoever opens it says that no
/// gradient will be differentiated again; an attempt fails loudly.
/// </summary>
public sealed class FirstOrder : IDisposable
{
    [ThreadStatic]
    private static FirstOrder? t_current;

    private readonly Seed _seed;
    private readonly FirstOrder? _outer;

    /// <param name="seed">Of what layers draw (dropout): every use takes the next stream of it.</param>
    public FirstOrder(Seed seed)
    {
        (_outer, _seed) = (t_current, seed);
        t_current = this;
    }

    /// <summary>What is to be computed again rather than kept.</summary>
    public Recomputation Recompute { get; init; }

    /// <summary>Opens the precision in which this scope computes, for what is computed again outside it.</summary>
    public Func<IDisposable?> Precision { get; init; } = () => null;

    /// <summary>Whether such kernels may be used here.</summary>
    internal static bool Holds => t_current is not null && TorchSharp.torch.is_grad_enabled();

    /// <summary>The scope of this thread.</summary>
    internal static FirstOrder? Current => t_current;

    /// <summary>Streams taken so far.</summary>
    internal ulong Streams { get; private set; }

    public void Dispose() => t_current = _outer;

    /// <summary>Random numbers that no other use in this scope has.</summary>
    internal static Philox NextStream()
    {
        var current = t_current ?? throw new InvalidOperationException("outside a scope");
        return new(current._seed.Value, current.Streams++);
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

    /// <summary>Pins the library's generator to a place in this scope, for operations that draw from it.</summary>
    internal void Pin(ulong stream) => _seed.For("recompute", (long)stream).Pin();

    /// <summary>Opens the scope anew as it was when so many streams were taken.</summary>
    internal IDisposable Again(ulong stream) => new Reopened(this, stream);

    private sealed class Reopened : IDisposable
    {
        private readonly FirstOrder _scope;
        private readonly FirstOrder? _outer = t_current;
        private readonly ulong _streams;
        private readonly IDisposable? _precision;

        public Reopened(FirstOrder scope, ulong stream)
        {
            (_scope, _streams) = (scope, scope.Streams);
            scope.Streams = stream;
            t_current = scope;
            scope.Pin(stream);
            _precision = scope.Precision();
        }

        public void Dispose()
        {
            _precision?.Dispose();
            _scope.Streams = _streams;
            t_current = _outer;
        }
    }
}
