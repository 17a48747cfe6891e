using System.Runtime.ExceptionServices;
using static TorchSharp.torch;

namespace Heirloom.Core.Ranks;

/// <summary>
/// Threads of one process as ranks: what processes do over a network, without one. Objectives that draw from libtorch's own generator (dropout) draw in
/// whichever order threads come, since a process has one; all else is as reproducible as with processes.
/// </summary>
public sealed class ThreadRanks : IRanks
{
    private readonly Meeting _meeting;

    private ThreadRanks(Meeting meeting, int rank) => (_meeting, Rank) = (meeting, rank);

    public int Rank { get; }

    public int Count => _meeting.Given.Length;

    /// <summary>Runs a piece of work by so many ranks and waits for all; gives their results by rank.</summary>
    /// <exception cref="Exception">The first that a rank threw by itself; the others are told to give up.</exception>
    public static IReadOnlyList<T> Run<T>(int count, Func<IRanks, T> work)
    {
        using var meeting = new Meeting(count);
        var results = new T[count];
        var errors = new Exception?[count];
        Thread[] threads = [.. Enumerable.Range(0, count).Select(rank => new Thread(() =>
        {
            try
            {
                results[rank] = work(new ThreadRanks(meeting, rank));
            }
            catch (Exception e)
            {
                errors[rank] = e;
                meeting.GiveUp.Cancel();
            }
        }))];
        Array.ForEach(threads, t => t.Start());
        Array.ForEach(threads, t => t.Join());
        if ((errors.FirstOrDefault(e => e is not null and not OperationCanceledException) ?? errors.FirstOrDefault(e => e is not null)) is { } error)
        {
            ExceptionDispatchInfo.Throw(error);
        }

        return results;
    }

    public IReadOnlyList<byte[]> Gather(byte[] mine) => [.. Exchange(mine).Cast<byte[]>()];

    public Task ReduceScatter(Tensor values, IReadOnlyList<long> counts, Tensor mine)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        var start = counts.Take(Rank).Sum();
        mine.zero_();
        foreach (var given in Exchange(values).Cast<Tensor>())
        {
            mine.add_(given.narrow(0, start, counts[Rank]));
        }

        Meet(); // nobody changes what another still reads
        return Task.CompletedTask;
    }

    public Task AllGather(Tensor values, IReadOnlyList<long> counts)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        var start = 0L;
        foreach (var (given, rank) in Exchange(values).Select((g, rank) => ((Tensor)g, rank)))
        {
            if (rank != Rank)
            {
                values.narrow(0, start, counts[rank]).copy_(given.narrow(0, start, counts[rank]));
            }

            start += counts[rank];
        }

        Meet();
        return Task.CompletedTask;
    }

    public void Send(Tensor values, int to)
    {
        _meeting.Mail[Rank, to] = values;
        _meeting.Posted[Rank, to].Release();
        _meeting.Taken[Rank, to].Wait(_meeting.GiveUp.Token);
    }

    public void Receive(Tensor values, int from)
    {
        using var _ = no_grad();
        _meeting.Posted[from, Rank].Wait(_meeting.GiveUp.Token);
        values.copy_(_meeting.Mail[from, Rank]!);
        _meeting.Taken[from, Rank].Release();
    }

    private object[] Exchange(object mine)
    {
        _meeting.Given[Rank] = mine;
        Meet();
        object[] all = [.. _meeting.Given];
        Meet();
        return all;
    }

    private void Meet() => _meeting.Barrier.SignalAndWait(_meeting.GiveUp.Token);

    private sealed class Meeting : IDisposable
    {
        public Meeting(int count)
        {
            (Given, Mail, Posted, Taken, Barrier) = (new object[count], new Tensor?[count, count], new SemaphoreSlim[count, count], new SemaphoreSlim[count, count], new(count));
            for (var i = 0; i < count * count; i++)
            {
                (Posted[i / count, i % count], Taken[i / count, i % count]) = (new(0), new(0));
            }
        }

        public object[] Given { get; }

        public Tensor?[,] Mail { get; }

        public SemaphoreSlim[,] Posted { get; }

        public SemaphoreSlim[,] Taken { get; }

        public Barrier Barrier { get; }

        public CancellationTokenSource GiveUp { get; } = new();

        public void Dispose()
        {
            Barrier.Dispose();
            GiveUp.Dispose();
        }
    }
}
