using System.Globalization;
using Heirloom.Models;
using Heirloom.Models.Heads;
using Heirloom.Models.Speech;
using Heirloom.Models.VisionLanguage;
using static TorchSharp.torch;

namespace Heirloom.Checkpoints;

/// <summary>The <c>README.md</c> of a model folder, made from its lineage: nothing in it is typed by hand.</summary>
public static class ModelCard
{
    public const string Name = "README.md";

    /// <summary>The card's text, with the front matter that the hub reads.</summary>
    public static string Write(string title, IModel model, Lineage lineage) =>
        Write(title, model.GetType().Name, model.Module.parameters().Sum(p => p.numel()), Task(model), lineage);

    /// <summary>The card of weights that are not loaded as a model.</summary>
    /// <param name="title">Its heading.</param>
    /// <param name="kind">What the model is called.</param>
    /// <param name="parameters">How many numbers it learned.</param>
    /// <param name="task">The hub's name of what it does; null where there is none.</param>
    /// <param name="lineage">What made it.</param>
    internal static string Write(string title, string kind, long parameters, string? task, Lineage lineage)
    {
        var card = new StringWriter { NewLine = "\n" };
        card.WriteLine("---");
        foreach (var line in FrontMatter(task, lineage))
        {
            card.WriteLine(line);
        }

        card.WriteLine("---");
        card.WriteLine();
        card.WriteLine($"# {Plain(title)}");
        card.WriteLine();
        card.WriteLine($"{Plain(kind)} with {Count(parameters)} parameters, made by {Plain(lineage.Method)}{(lineage.Step > 0 ? $", step {lineage.Step}" : "")}.");
        card.WriteLine();
        card.WriteLine(lineage.IntendedUse.Length > 0
            ? $"Intended use: {Plain(lineage.IntendedUse)}"
            : "Intended use: none has been stated; measure it on your own task before you rely on it.");
        Table(card, "Made from", ["role", "weights (SHA-256)", "where it lay"], lineage.Parents.Select(p => (string[])[p.Role, $"`{p.Weights}`", $"`{p.Path}`"]));
        Table(card, "Data", ["source", "fingerprint"], lineage.Data.Select(pair => (string[])[pair.Key, $"`{pair.Value}`"]));
        Table(card, "Licences that it inherits", ["licence"], lineage.Licenses.Select(licence => (string[])[licence]));
        Table(card, "Scores", ["measure", "value"], lineage.Scores.Select(pair => (string[])[pair.Key, pair.Value.ToString("G6", CultureInfo.InvariantCulture)]));
        card.WriteLine();
        card.WriteLine("## Identity");
        card.WriteLine();
        card.WriteLine($"Weights `{lineage.Weights}`, seed {lineage.Seed}, code {Plain(lineage.Code)}{(lineage.Date.Length > 0 ? $", {Plain(lineage.Date)}" : "")}.");
        if (lineage.Settings.Length > 0)
        {
            // a fence longer than any in the settings
            var fence = new string('`', Math.Max(3, LongestRun(lineage.Settings, '`') + 1));
            card.WriteLine();
            card.WriteLine("## Settings");
            card.WriteLine();
            card.WriteLine($"{fence}yaml");
            card.WriteLine(lineage.Settings.TrimEnd());
            card.WriteLine(fence);
        }

        return card.ToString();
    }

    private static IEnumerable<string> FrontMatter(string? task, Lineage lineage)
    {
        yield return "library_name: heirloom";
        if (lineage.Licenses.Select(l => l.ToLowerInvariant()).Distinct().ToList() is { Count: > 0 } licenses)
        {
            // the hub takes one licence, or says "other"
            yield return licenses.Count == 1 ? $"license: {Quoted(licenses[0])}" : "license: other";
        }

        if (task is not null)
        {
            yield return $"pipeline_tag: {task}";
        }

        yield return "tags:";
        yield return "- heirloom";
        yield return $"- {Quoted(lineage.Method)}";
    }

    /// <summary>The hub's name of what it does; null where there is none.</summary>
    private static string? Task(IModel model) => model switch
    {
        SequenceClassifier => "text-classification",
        TokenClassifier => "token-classification",
        SpanExtractor => "question-answering",
        ChoiceScorer => "multiple-choice",
        ICausalLM => "text-generation",
        IMaskedLM => "fill-mask",
        ISequenceToSequenceLM => "text2text-generation",
        ITranscriber => "automatic-speech-recognition",
        IClassifier<AudioInputs> => "audio-classification",
        IImageTextModel => "zero-shot-image-classification",
        IClassifier<Tensor> { Classes: > 0 } => "image-classification",
        IImageEncoder => "image-feature-extraction",
        ITokenEncoder or IAudioEncoder => "feature-extraction",
        _ => null,
    };

    private static string Count(long count) => count switch
    {
        >= 1_000_000_000 => $"{count / 1e9:0.0} billion",
        >= 1_000_000 => $"{count / 1e6:0.0} million",
        _ => count.ToString("N0", CultureInfo.InvariantCulture),
    };

    private static void Table(StringWriter card, string title, string[] head, IEnumerable<string[]> rows)
    {
        var all = rows.ToList();
        if (all.Count == 0)
        {
            return;
        }

        card.WriteLine();
        card.WriteLine($"## {title}");
        card.WriteLine();
        card.WriteLine($"| {string.Join(" | ", head)} |");
        card.WriteLine($"|{string.Concat(head.Select(_ => "---|"))}");
        all.ForEach(row => card.WriteLine($"| {string.Join(" | ", row.Select(cell => Plain(cell).Replace("|", "\\|", StringComparison.Ordinal)))} |"));
    }

    private static string Plain(string text) => string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));

    private static string Quoted(string text) => "\"" + Plain(text).Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal) + "\"";

    private static int LongestRun(string text, char c)
    {
        var (longest, run) = (0, 0);
        foreach (var x in text)
        {
            run = x == c ? run + 1 : 0;
            longest = Math.Max(longest, run);
        }

        return longest;
    }
}
