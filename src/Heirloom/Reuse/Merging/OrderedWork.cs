namespace Heirloom.Reuse.Merging;

/// <summary>
/// Makes things ahead of their being taken, in order, by several workers, as far as a budget of memory reaches. What is made does not depend on how many workers
/// there are.
/// </summary>
internal sealed class OrderedWork<T> : IDisposable
    where T : class, IDisposable
{
    private readonly Func<int, T> _make;
    private readonly IReadOnlyList<(long While, long Afterwards)> _costs;
    private readonly long _budget;
    private readonly T?[] _made;
    private readonly List<Thread> _threads;
    private readonly object _gate = new();
    private Exception? _failure;
    private int _next, _taken;
    private long _used;
    private bool _stopped;

    /// <param name="costs">Bytes while a thing is made, and what it holds afterwards until the next one is taken.</param>
    /// <param name="budget">Bytes of all together; one thing is made whatever it costs.</param>
    /// <param name="workers">Threads.</param>
    /// <param name="make">Makes one.</param>
    public OrderedWork(IReadOnlyList<(long While, long Afterwards)> costs, long budget, int workers, Func<int, T> make)
    {
        (_costs, _budget, _make) = (costs, budget, make);
        _made = new T?[costs.Count];
        _threads = [.. Enumerable.Range(0, Math.Max(1, workers)).Select(i => new Thread(Work) { IsBackground = true, Name = $"merge {i}" })];
        _threads.ForEach(t => t.Start());
    }

    /// <summary>The next one, in order; the one before is disposed of.</summary>
    public T Take()
    {
        lock (_gate)
        {
            var at = _taken++;
            if (at > 0)
            {
                _made[at - 1]!.Dispose();
                _made[at - 1] = null;
                _used -= _costs[at - 1].Afterwards;
                Monitor.PulseAll(_gate);
            }

            while (_made[at] is null && _failure is null)
            {
                Monitor.Wait(_gate);
            }

            return _made[at] ?? throw new AggregateException(_failure!);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _stopped = true;
            Monitor.PulseAll(_gate);
        }

        _threads.ForEach(t => t.Join());
        foreach (var made in _made)
        {
            made?.Dispose();
        }
    }

    private void Work()
    {
        while (Claim() is { } at)
        {
            T? made = null;
            Exception? failure = null;
            try
            {
                made = _make(at);
            }
            catch (Exception e)
            {
                failure = e;
            }

            lock (_gate)
            {
                _made[at] = made;
                _used -= _costs[at].While - _costs[at].Afterwards;
                _failure ??= failure;
                _stopped |= failure is not null;
                Monitor.PulseAll(_gate);
            }
        }
    }

    private int? Claim()
    {
        lock (_gate)
        {
            while (!_stopped && _next < _costs.Count && _used > 0 && _used + _costs[_next].While > _budget)
            {
                Monitor.Wait(_gate);
            }

            if (_stopped || _next >= _costs.Count)
            {
                return null;
            }

            _used += _costs[_next].While;
            return _next++;
        }
    }
}
