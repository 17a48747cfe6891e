using System.Text;

namespace Heirloom.Generation.Text;

/// <summary>Watches a text for strings that end it, and holds back what may be the beginning of one.</summary>
/// <param name="stops">None may be empty.</param>
public sealed class StopScanner(IReadOnlyList<string> stops)
{
    private readonly StringBuilder _held = new();

    /// <summary>Whether a stop string was met.</summary>
    public bool IsStopped { get; private set; }

    /// <summary>What of the text may be shown, without the stop string and what comes after.</summary>
    public string Add(string text)
    {
        if (IsStopped || text.Length == 0)
        {
            return "";
        }

        var held = _held.Append(text).ToString();
        var stop = stops.Select(s => held.IndexOf(s, StringComparison.Ordinal)).Where(i => i >= 0).DefaultIfEmpty(-1).Min();
        IsStopped = stop >= 0;
        var shown = IsStopped ? stop : held.Length - stops.Select(s => Beginning(held, s)).DefaultIfEmpty(0).Max();
        _held.Remove(0, IsStopped ? _held.Length : shown);
        return held[..shown];
    }

    /// <summary>What was held back; the text is over.</summary>
    public string Finish()
    {
        var rest = _held.ToString();
        _held.Clear();
        return rest;
    }

    /// <summary>How many characters at the end are the beginning of a stop string.</summary>
    private static int Beginning(string text, string stop)
    {
        for (var length = Math.Min(text.Length, stop.Length - 1); length > 0; length--)
        {
            if (text.AsSpan(text.Length - length).SequenceEqual(stop.AsSpan(0, length)))
            {
                return length;
            }
        }

        return 0;
    }
}
