namespace Heirloom.Training.Ranks;

/// <summary>Runs calls one at a time in the order in which they were made: long ones on a thread of their own, short ones at once where nothing waits.</summary>
internal sealed class CallQueue
{
    private readonly Lock _lock = new();
    private Task _last = Task.CompletedTask;

    /// <summary>Calls after all that came before, beside the caller.</summary>
    public Task Start(Action call)
    {
        lock (_lock)
        {
            return _last = _last.ContinueWith(
                before =>
                {
                    before.GetAwaiter().GetResult();
                    call();
                },
                CancellationToken.None, TaskContinuationOptions.LongRunning, TaskScheduler.Default);
        }
    }

    /// <summary>Calls after all that came before, on the caller's thread.</summary>
    public void Run(Action call)
    {
        Task before;
        lock (_lock)
        {
            before = _last;
        }

        before.GetAwaiter().GetResult();
        call();
    }
}
