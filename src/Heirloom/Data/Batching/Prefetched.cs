using static TorchSharp.torch;

namespace Heirloom.Data.Batching;

/// <summary>
/// Prepares the next batches on other threads, as far apart as the last two that were asked for (ranks that share a step skip each other's); exactly the
/// batches of the inner stream, in any order. An exception surfaces at
/// the step that it belongs to. A batch belongs to whoever took it (its tensors join the taker's dispose scope); those never taken are disposed here.
/// </summary>
/// <param name="inner">The stream.</param>
/// <param name="ahead">Batches in preparation.</param>
public sealed class Prefetched<TBatch>(IBatches<TBatch> inner, int ahead = 4) : IBatches<TBatch>, IDisposable
    where TBatch : IBatch<TBatch>
{
    private readonly Lock _lock = new();
    private readonly Dictionary<long, Task<TBatch>> _coming = [];
    private readonly CancellationTokenSource _stop = new();
    private long _last = -1;

    public string Fingerprint => inner.Fingerprint;

    public long? StepsPerEpoch => inner.StepsPerEpoch;

    public TBatch At(long step)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        Task<TBatch> wanted;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_stop.IsCancellationRequested, this);
            var stride = _last >= 0 && step > _last ? step - _last : 1;
            _last = step;
            long[] wantedNext = [.. Enumerable.Range(0, ahead + 1).Select(i => step + (i * stride))];
            foreach (var due in wantedNext)
            {
                if (!_coming.ContainsKey(due))
                {
                    _coming[due] = Task.Run(() => inner.At(due), _stop.Token);
                }
            }

            foreach (var passed in _coming.Keys.Except(wantedNext).ToList())
            {
                Discard(_coming[passed]);
                _coming.Remove(passed);
            }

            _coming.Remove(step, out wanted!);
        }

        return Own(wanted.GetAwaiter().GetResult());
    }

    /// <summary>Waits for what is under way and disposes it.</summary>
    public void Dispose()
    {
        List<Task<TBatch>> left;
        lock (_lock)
        {
            _stop.Cancel();
            left = [.. _coming.Values];
            _coming.Clear();
        }

        foreach (var batch in left)
        {
            Discard(batch).Wait();
        }
    }

    /// <summary>Dispose scopes belong to threads: a tensor made on another one must be handed to the scope of this one.</summary>
    private static TBatch Own(TBatch batch)
    {
        if (CurrentDisposeScope is { } scope)
        {
            foreach (var tensor in batch.Tensors)
            {
                scope.Attach(tensor);
            }
        }

        return batch;
    }

    private static Task Discard(Task<TBatch> batch) => batch.ContinueWith(
        done =>
        {
            foreach (var tensor in done.IsCompletedSuccessfully ? done.Result.Tensors : [])
            {
                tensor.Dispose();
            }

            _ = done.Exception;
        },
        CancellationToken.None,
        TaskContinuationOptions.ExecuteSynchronously,
        TaskScheduler.Default);
}
