using static TorchSharp.torch;

namespace Heirloom.Data.Batching;

/// <summary>
/// Prepares the next batches on other threads; exactly the batches of the inner stream, in any order that they are asked for. An exception surfaces at
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

    public string Fingerprint => inner.Fingerprint;

    public long? StepsPerEpoch => inner.StepsPerEpoch;

    public TBatch At(long step)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        Task<TBatch> wanted;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_stop.IsCancellationRequested, this);
            for (var s = step; s <= step + ahead; s++)
            {
                if (!_coming.ContainsKey(s))
                {
                    var due = s;
                    _coming[s] = Task.Run(() => inner.At(due), _stop.Token);
                }
            }

            foreach (var passed in _coming.Keys.Where(s => s < step || s > step + ahead).ToList())
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
