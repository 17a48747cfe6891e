using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using System.Text.RegularExpressions;

namespace Heirloom.Data.Refining;

/// <summary>
/// Takes lines out of web pages that are furniture and no text (menus, counters, calls to sign in), and leaves out documents of which they make up too much:
/// the line-wise corrections of Penedo et al. 2023 (RefinedWeb), §3.2 and app. G.2.
/// </summary>
[Kind("correct_lines")]
public sealed partial record CorrectLinesSourceConfig : SourceConfig, IExample<CorrectLinesSourceConfig>
{
    public static CorrectLinesSourceConfig Example => new() { Source = Sources.TextSourceConfig.Example };

    public required SourceConfig Source { get; init; }

    /// <summary>A line goes when more than this share of its letters are capitals.</summary>
    [Range(0.0, 1.0)]
    public double MaxCapitals { get; init; } = 0.5;

    /// <summary>A longer line is not searched for the phrases below.</summary>
    [Range(0, 1000)]
    public int ShortLine { get; init; } = 10;

    /// <summary>Taken from the front of a short line; like all phrases, whole words alone.</summary>
    public ImmutableArray<string> Beginnings { get; init; } = ["sign in", "sign-in", "sign up", "log in", "skip to", "share this"];

    /// <summary>Taken from the end of a short line.</summary>
    public ImmutableArray<string> Endings { get; init; } = ["read more", "read more...", "read more…", "see more", "learn more"];

    /// <summary>Taken from anywhere in a short line.</summary>
    public ImmutableArray<string> Anywhere { get; init; } = ["items in cart", "all rights reserved", "cookie policy"];

    /// <summary>A document goes when more than this share of its words was in lines that went or were changed.</summary>
    [Range(0.0, 1.0)]
    public double MaxRemoved { get; init; } = 0.05;

    public override IDocumentSource Open(WorkContext work)
    {
        var source = Source.Open(work);
        return new Sources.DocumentStream(
            $"{source.Name} (lines corrected)",
            () => Hashes.OfText($"correct_lines {Settings.ToYaml(this with { Source = Sources.TextSourceConfig.Example })} {source.Fingerprint}"),
            () => source.Read().Select(d => Correct(d.Text) is { } text ? d with { Text = text } : null).OfType<Document>());
    }

    /// <summary>The text without its furniture; null when too much of it is.</summary>
    public string? Correct(string text)
    {
        var kept = new List<string>();
        var (all, flagged) = (0, 0);
        foreach (var line in text.Split('\n'))
        {
            var words = CountWords(line);
            all += words;
            var corrected = Corrected(line, words);
            flagged += corrected == line ? 0 : words;
            if (corrected is not null)
            {
                kept.Add(corrected);
            }
        }

        return flagged > MaxRemoved * all ? null : string.Join('\n', kept);
    }

    private string? Corrected(string line, int words)
    {
        var trimmed = line.Trim();
        if (trimmed.Length == 0)
        {
            return line;
        }

        var letters = trimmed.Count(char.IsLetter);
        if (words == 1 || letters == 0 || trimmed.Count(char.IsUpper) > MaxCapitals * letters || Counter().IsMatch(trimmed))
        {
            return null;
        }

        return words <= ShortLine ? Edited(line, trimmed) : line;
    }

    private string? Edited(string line, string trimmed)
    {
        var edited = trimmed;
        foreach (var phrase in Beginnings.Where(p => edited.StartsWith(p, StringComparison.OrdinalIgnoreCase) && IsBetweenWords(edited, p.Length)))
        {
            edited = edited[phrase.Length..].TrimStart();
        }

        foreach (var phrase in Endings.Where(p => edited.EndsWith(p, StringComparison.OrdinalIgnoreCase) && IsBetweenWords(edited, edited.Length - p.Length)).OrderByDescending(p => p.Length).Take(1))
        {
            edited = edited[..^phrase.Length].TrimEnd();
        }

        foreach (var phrase in Anywhere)
        {
            edited = Without(edited, phrase).Trim();
        }

        return edited == trimmed ? line : edited.Any(char.IsLetter) ? edited : null;
    }

    private static string Without(string text, string phrase)
    {
        for (var at = 0; phrase.Length > 0 && (at = text.IndexOf(phrase, at, StringComparison.OrdinalIgnoreCase)) >= 0;)
        {
            var whole = IsBetweenWords(text, at) && IsBetweenWords(text, at + phrase.Length);
            (text, at) = whole ? (text.Remove(at, phrase.Length), at) : (text, at + 1);
        }

        return text;
    }

    private static bool IsBetweenWords(string text, int at) => at == 0 || at == text.Length || !char.IsLetterOrDigit(text[at - 1]) || !char.IsLetterOrDigit(text[at]);

    private static int CountWords(string line) => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length;

    [GeneratedRegex(@"^[\d.,]+\s*[kKmM]?\s+(likes?|comments?|shares?|views?|replies|reply|followers?|reviews?|ratings?|votes?)$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Counter();
}
