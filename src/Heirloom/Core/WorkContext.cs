using Heirloom.Core.Ranks;
using static TorchSharp.torch;

namespace Heirloom.Core;

/// <summary>What every long piece of work is given: where to compute, where to say how far it is, when to stop.</summary>
public sealed record WorkContext
{
    public Device Device { get; init; } = CPU;

    public IProgressReporter Progress { get; init; } = SilentProgress.Instance;

    /// <summary>Asks for a clean stop: work saves what it has and returns, it does not throw.</summary>
    public CancellationToken Stop { get; init; }

    /// <summary>Who else does this work. Training divides its steps among them; everything else is done by each.</summary>
    public IRanks Ranks { get; init; } = SingleRank.Instance;

    public Places Places { get; init; } = Places.OfUser();

    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
