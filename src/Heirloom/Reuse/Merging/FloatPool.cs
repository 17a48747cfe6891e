using System.Buffers;

namespace Heirloom.Reuse.Merging;

/// <summary>
/// Lends memory and keeps what comes back for the next of about that size: the layers of a model are alike, and fresh memory costs more (every page is cleared
/// and mapped) than what is done with it. What is kept stays within a budget.
/// </summary>
internal sealed class FloatPool(long budget) : IDisposable
{
    private readonly List<NativeFloats> _free = [];
    private readonly object _gate = new();
    private long _bytes;

    /// <summary>At least so many floats, of any values.</summary>
    public Loan Lend(int length)
    {
        lock (_gate)
        {
            var fit = _free.Where(f => f.Length >= length && f.Length <= 2L * length).MinBy(f => f.Length);
            if (fit is not null)
            {
                _free.Remove(fit);
                _bytes -= Bytes(fit);
                return new(this, fit, length);
            }

        }

        return new(this, new(length), length);
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _free.ForEach(f => ((IDisposable)f).Dispose());
            _free.Clear();
        }
    }

    private static long Bytes(NativeFloats floats) => (long)floats.Length * sizeof(float);

    private void Back(NativeFloats floats)
    {
        lock (_gate)
        {
            _free.Add(floats);
            _bytes += Bytes(floats);
            while (_bytes > budget)
            {
                // the oldest are the least likely to be asked for again
                _bytes -= Bytes(_free[0]);
                ((IDisposable)_free[0]).Dispose();
                _free.RemoveAt(0);
            }
        }
    }

    /// <summary>Memory until it is given back.</summary>
    public sealed class Loan(FloatPool pool, NativeFloats floats, int length) : IMemoryOwner<float>
    {
        private NativeFloats? _floats = floats;

        public Memory<float> Memory => (_floats ?? throw new ObjectDisposedException(nameof(Loan))).Memory[..length];

        public Span<float> Span => Memory.Span;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _floats, null) is { } back)
            {
                pool.Back(back);
            }
        }
    }
}
