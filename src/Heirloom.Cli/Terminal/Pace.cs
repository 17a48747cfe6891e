using System.Globalization;

namespace Heirloom.Cli.Terminal;

/// <summary>How fast a piece of work goes and how long it will take, for people.</summary>
internal sealed record Pace(long? Total, string Unit, long Done, TimeSpan Elapsed)
{
    /// <summary>What was done when it was first asked, and when: resumed work does not start at nothing.</summary>
    public (long Done, TimeSpan At) First { get; init; }

    public double Rate => (Elapsed - First.At).TotalSeconds is > 0.2 and var seconds ? (Done - First.Done) / seconds : 0;

    public TimeSpan? Remaining => Total is { } total && Rate > 0 ? TimeSpan.FromSeconds(Math.Min((total - Done) / Rate, 359_999)) : null;

    /// <summary><c>1,200/5,000 steps</c></summary>
    public string Count() => Bytes
        ? Total is { } size ? $"{Size(Done)}/{Size(size)}" : Size(Done)
        : (Total is { } total ? $"{Number(Done)}/{Number(total)}" : Number(Done)) + (Unit.Length > 0 ? $" {Plural}" : "");

    /// <summary><c>85/s</c>, or nothing before it is known.</summary>
    public string Speed() => Rate <= 0 ? "" : Bytes ? $"{Size((long)Rate)}/s" : Rate >= 10 ? $"{Number((long)Rate)}/s" : Rate >= 0.1 ? $"{Rate.ToString("0.0", CultureInfo.InvariantCulture)}/s" : $"{1 / Rate:0} s each";

    public static string Time(TimeSpan time) => time.TotalSeconds < 10 ? $"{time.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture)} s"
        : time.TotalMinutes < 1 ? $"{time.TotalSeconds:0} s"
        : time.TotalHours < 1 ? $"{(int)time.TotalMinutes}:{time.Seconds:00} min"
        : $"{(int)time.TotalHours}:{time.Minutes:00}:{time.Seconds:00} h";

    private bool Bytes => Unit is "byte" or "bytes" or "B";

    private string Plural => Unit.EndsWith('s') ? Unit : Unit + "s";

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Size(long bytes) => bytes switch
    {
        >= 1L << 30 => $"{(bytes / (double)(1L << 30)).ToString("0.00", CultureInfo.InvariantCulture)} GiB",
        >= 1L << 20 => $"{(bytes / (double)(1L << 20)).ToString("0.0", CultureInfo.InvariantCulture)} MiB",
        >= 1L << 10 => $"{bytes >> 10} KiB",
        _ => $"{bytes} B",
    };
}
