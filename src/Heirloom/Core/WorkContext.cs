using static TorchSharp.torch;

namespace Heirloom.Core;

/// <summary>What every long piece of work is given: where to compute, where to say how far it is, when to stop.</summary>
public sealed record WorkContext
{
    public Device Device { get; init; } = CPU;

    public IProgressReporter Progress { get; init; } = SilentProgress.Instance;

    /// <summary>Asks for a clean stop: work saves what it has and returns, it does not throw.</summary>
    public CancellationToken Stop { get; init; }

    public Places Places { get; init; } = Places.OfUser();

    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
