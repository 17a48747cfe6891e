using System.Diagnostics;

namespace Heirloom.Generation.Cpu;

/// <summary>
/// Threads that do one piece of work after another together with their caller, all of them the same code with numbers of their own. A token's forward has
/// dozens of points at which they meet, microseconds apart: too many to start tasks for, so they wait spinning, and only sleep when nothing comes.
/// </summary>
internal sealed class WorkerTeam : IDisposable
{
    private readonly Thread[] _threads;
    private readonly Meeting _meeting;
    private Action<int>? _work;

    /// <param name="size">Threads, the caller's included.</param>
    public WorkerTeam(int size)
    {
        Size = size;
        _meeting = new(size);
        _threads = [.. Enumerable.Range(1, size - 1).Select(part => new Thread(() => Loop(part)) { IsBackground = true, Name = $"decoding {part}" })];
        Array.ForEach(_threads, t => t.Start());
    }

    public int Size { get; }

    /// <summary>Calls it with 0 … <see cref="Size"/> − 1, each on its thread, and waits for all. It throws nothing.</summary>
    public void Run(Action<int> work)
    {
        _work = work;
        _meeting.Wait();
        work(0);
        _meeting.Wait();
    }

    /// <summary>Within the work: goes on when all have come here.</summary>
    public void Meet() => _meeting.Wait();

    public void Dispose()
    {
        _work = null;
        _meeting.Wait();
        Array.ForEach(_threads, t => t.Join());
    }

    private void Loop(int part)
    {
        while (true)
        {
            _meeting.Wait();
            if (_work is not { } work)
            {
                return;
            }

            work(part);
            _meeting.Wait();
        }
    }

    /// <summary>Holds its parties until all have come.</summary>
    private sealed class Meeting(int parties)
    {
        // Longer than another program's turn on a core: whoever sleeps gives its own core away too, and both would wait by turns. Where there are more threads
        // than cores, though, the others wait for just that core.
        private readonly long _spin = Stopwatch.Frequency / (parties <= Environment.ProcessorCount ? 100 : 100_000); // 10 ms, 10 µs

        private readonly object _gate = new();
        private int _arrived, _sleepers;
        private volatile int _round;

        public void Wait()
        {
            if (parties == 1)
            {
                return;
            }

            var round = _round;
            if (Interlocked.Increment(ref _arrived) == parties)
            {
                _arrived = 0;
                Interlocked.Increment(ref _round);
                if (Volatile.Read(ref _sleepers) > 0)
                {
                    lock (_gate)
                    {
                        Monitor.PulseAll(_gate);
                    }
                }

                return;
            }

            if (!Spun(round))
            {
                Sleep(round);
            }
        }

        private bool Spun(int round)
        {
            long end = 0;
            for (var i = 0; _round == round; i++)
            {
                Thread.SpinWait(1);
                if (i % 64 == 63)
                {
                    var now = Stopwatch.GetTimestamp();
                    if (end == 0)
                    {
                        end = now + _spin;
                    }
                    else if (now > end)
                    {
                        return false;
                    }
                }
            }

            return true;
        }

        private void Sleep(int round)
        {
            lock (_gate)
            {
                // whoever comes last looks for sleepers after it has begun the next round, so one of both sees the other
                Interlocked.Increment(ref _sleepers);
                while (_round == round)
                {
                    Monitor.Wait(_gate);
                }

                Interlocked.Decrement(ref _sleepers);
            }
        }
    }
}
