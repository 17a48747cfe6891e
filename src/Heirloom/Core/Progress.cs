namespace Heirloom.Core;

/// <summary>Where long work says how far it is. The library never writes to a console itself.</summary>
public interface IProgressReporter
{
    /// <summary>Starts a piece of work; <paramref name="total"/> in <paramref name="unit"/>s, null when it is not known.</summary>
    IProgressTask Begin(string title, long? total = null, string unit = "");

    /// <summary>A line worth reading after the work is done.</summary>
    void Note(string line);
}

/// <summary>One piece of work under way; disposing ends it.</summary>
public interface IProgressTask : IDisposable
{
    /// <param name="done">How much is done, absolute.</param>
    /// <param name="status">A few words on the state ("loss 3.21").</param>
    void Report(long done, string? status = null);
}

/// <summary>Says nothing.</summary>
public sealed class SilentProgress : IProgressReporter, IProgressTask
{
    public static SilentProgress Instance { get; } = new();

    public IProgressTask Begin(string title, long? total = null, string unit = "") => this;

    public void Note(string line)
    {
    }

    public void Report(long done, string? status = null)
    {
    }

    public void Dispose()
    {
    }
}
