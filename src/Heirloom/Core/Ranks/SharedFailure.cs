namespace Heirloom.Core.Ranks;

/// <summary>What went wrong on a rank, as all ranks throw it: work stops everywhere, and the leader tells it.</summary>
public sealed class SharedFailure(string message, bool userError, Exception? cause) : Exception(message, cause)
{
    /// <summary>Whether a person can mend it: it was a <see cref="Core.UserError"/> where it happened.</summary>
    public bool UserError { get; } = userError;
}
