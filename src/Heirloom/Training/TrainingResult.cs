namespace Heirloom.Training;

/// <summary>Why a training ended.</summary>
public enum StopReason
{
    /// <summary>All steps were made.</summary>
    Completed,

    /// <summary>A score no longer improved.</summary>
    EarlyStopped,

    /// <summary>It was asked to stop; it can be resumed.</summary>
    Interrupted,

    /// <summary><see cref="TrainingRun.StopAt"/> was reached; it can be resumed.</summary>
    Paused,
}

/// <summary>What came of a training; the model holds the weights.</summary>
public sealed record TrainingResult
{
    /// <summary>Updates made in all, those before a resumption included.</summary>
    public required long Steps { get; init; }

    public required StopReason StopReason { get; init; }

    /// <summary>The loss of every step made by this call, with its number from 1.</summary>
    public required IReadOnlyList<(long Step, double Loss)> Losses { get; init; }

    /// <summary>The last scores that hooks recorded.</summary>
    public required IReadOnlyDictionary<string, double> Scores { get; init; }

    /// <summary>Steps that left the weights as they were, because loss or gradient was bad.</summary>
    public required long Skipped { get; init; }

    /// <summary>Time of this call.</summary>
    public required TimeSpan Elapsed { get; init; }
}
