using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;

namespace Heirloom.Data.Refining;

/// <summary>
/// What a document must be like to count as prose: the rules of Rae et al. 2021 (Gopher), app. A.1.1, with their published numbers, which RefinedWeb
/// (Penedo et al. 2023) took over. Words are what white space separates. They are made for English.
/// </summary>
public sealed record QualityRulesConfig
{
    /// <summary>Fewest words of a document.</summary>
    [Range(0, int.MaxValue)]
    public int MinWords { get; init; } = 50;

    /// <summary>Most words of a document.</summary>
    [Range(1, int.MaxValue)]
    public int MaxWords { get; init; } = 100_000;

    /// <summary>Least mean length of a word, in characters.</summary>
    [Range(0.0, 1e6)]
    public double MinWordLength { get; init; } = 3;

    /// <summary>Greatest mean length of a word.</summary>
    [Range(0.0, 1e6)]
    public double MaxWordLength { get; init; } = 10;

    /// <summary>Most hash signs, and most ellipses, a word.</summary>
    [Range(0.0, 1e6)]
    public double MaxSymbols { get; init; } = 0.1;

    /// <summary>Greatest share of lines that begin with a bullet.</summary>
    [Range(0.0, 1.0)]
    public double MaxBulletLines { get; init; } = 0.9;

    /// <summary>Greatest share of lines that end with an ellipsis.</summary>
    [Range(0.0, 1.0)]
    public double MaxEllipsisLines { get; init; } = 0.3;

    /// <summary>Least share of words with a letter.</summary>
    [Range(0.0, 1.0)]
    public double MinAlphabeticWords { get; init; } = 0.8;

    /// <summary>Words of which a text of the language has some.</summary>
    public ImmutableArray<string> StopWords { get; init; } = ["the", "be", "to", "of", "and", "that", "have", "with"];

    /// <summary>How many different ones it must have.</summary>
    [Range(0, 1000)]
    public int MinStopWords { get; init; } = 2;

    /// <summary>Greatest share of lines that occurred before in the document.</summary>
    [Range(0.0, 1.0)]
    public double MaxDuplicateLines { get; init; } = 0.3;

    /// <summary>Greatest share of paragraphs that occurred before.</summary>
    [Range(0.0, 1.0)]
    public double MaxDuplicateParagraphs { get; init; } = 0.3;

    /// <summary>Greatest share of characters in such lines.</summary>
    [Range(0.0, 1.0)]
    public double MaxDuplicateLineCharacters { get; init; } = 0.2;

    /// <summary>Greatest share of characters in such paragraphs.</summary>
    [Range(0.0, 1.0)]
    public double MaxDuplicateParagraphCharacters { get; init; } = 0.2;

    /// <summary>Greatest shares of characters in the most frequent n-gram of words, for n = 2, 3, 4.</summary>
    public ImmutableArray<double> MaxTopGrams { get; init; } = [0.20, 0.18, 0.16];

    /// <summary>Greatest shares of characters in n-grams of words that occur more than once, for n = 5 … 10.</summary>
    public ImmutableArray<double> MaxDuplicateGrams { get; init; } = [0.15, 0.14, 0.13, 0.12, 0.11, 0.10];

    /// <summary>The first rule that a text breaks, in a few words; null when it keeps all.</summary>
    public string? Breaks(string text)
    {
        string[] words = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (words.Length < MinWords || words.Length > MaxWords)
        {
            return "number of words";
        }

        if (words.Length == 0)
        {
            return null;
        }

        var length = words.Average(w => w.Length);
        if (length < MinWordLength || length > MaxWordLength)
        {
            return "mean length of a word";
        }

        if (text.Count(c => c == '#') > MaxSymbols * words.Length || Ellipses(text) > MaxSymbols * words.Length)
        {
            return "symbols";
        }

        string[] lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return Share(lines, l => l[0] is '-' or '*' or '•' or '‣' or '◦' or '·' or '●') > MaxBulletLines ? "lines that begin with a bullet"
            : Share(lines, l => l.EndsWith("...", StringComparison.Ordinal) || l[^1] == '…') > MaxEllipsisLines ? "lines that end with an ellipsis"
            : Share(words, w => w.Any(char.IsLetter)) < MinAlphabeticWords ? "words without a letter"
            : StopWords.Count(new HashSet<string>(words.Select(w => w.Trim('.', ',', ';', ':', '!', '?', '"', '\'', '(', ')')), StringComparer.OrdinalIgnoreCase).Contains) < MinStopWords ? "stop words"
            : Repeats(text, lines, words);
    }

    private string? Repeats(string text, string[] lines, string[] words)
    {
        string[] paragraphs = text.ReplaceLineEndings("\n").Split("\n\n", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var (lineShare, lineCharacters) = Repetition.OfParts(lines);
        var (paragraphShare, paragraphCharacters) = Repetition.OfParts(paragraphs);
        if (lineShare > MaxDuplicateLines || lineCharacters > MaxDuplicateLineCharacters)
        {
            return "repeated lines";
        }

        if (paragraphShare > MaxDuplicateParagraphs || paragraphCharacters > MaxDuplicateParagraphCharacters)
        {
            return "repeated paragraphs";
        }

        var repetition = new Repetition(words);
        for (var i = 0; i < MaxTopGrams.Length; i++)
        {
            if (repetition.TopGram(i + 2) > MaxTopGrams[i])
            {
                return $"the most frequent {i + 2} words";
            }
        }

        for (var i = 0; i < MaxDuplicateGrams.Length; i++)
        {
            if (repetition.DuplicateGrams(i + 5) > MaxDuplicateGrams[i])
            {
                return $"repeated {i + 5} words";
            }
        }

        return null;
    }

    private static int Ellipses(string text) => text.AsSpan().Count("...") + text.Count(c => c == '…');

    private static double Share(string[] parts, Func<string, bool> which) => parts.Length == 0 ? 0 : parts.Count(which) / (double)parts.Length;
}

/// <summary>Those documents of a source that keep <see cref="QualityRulesConfig"/>.</summary>
[Kind("filter_quality")]
public sealed record QualityFilterSourceConfig : SourceConfig, IExample<QualityFilterSourceConfig>
{
    public static QualityFilterSourceConfig Example => new() { Source = Sources.TextSourceConfig.Example };

    public required SourceConfig Source { get; init; }

    public QualityRulesConfig Rules { get; init; } = new();

    public override IDocumentSource Open(WorkContext work)
    {
        var source = Source.Open(work);
        return new Sources.DocumentStream(
            $"{source.Name} (of quality)",
            () => Hashes.OfText($"filter_quality {Settings.ToYaml(Rules)} {source.Fingerprint}"),
            () => source.Read().Where(d => Rules.Breaks(d.Text) is null));
    }
}
