using System.CommandLine;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Heirloom.Cli.Verbs.Models;

/// <summary><c>heirloom models</c>: what lies on this machine, what it is, and what it was made from.</summary>
internal sealed class ModelsVerb : IVerb
{
    public static JsonSerializerOptions Json { get; } = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    public string Group => VerbGroup.Models;

    public Command Build(CliContext context) => new("models", "List, show, inspect, fetch and convert models, their family trees, and their parity with references")
    {
        ModelsList.Build(context),
        ModelsShow.Build(context),
        ModelsInspect.Build(context),
        ModelsLineage.Build(context),
        ModelsParity.Build(context),
        ModelsPull.Build(context),
        ModelsConvert.Build(context),
    };

    public static Argument<string> Folder() => new("folder") { Description = "a model folder, or hf:org/name" };

    public static Option<bool> AsJson() => new("--json") { Description = "as JSON" };

    /// <summary>1234567 is "1.2 million".</summary>
    public static string Count(long count) => count switch
    {
        >= 1_000_000_000 => string.Create(CultureInfo.InvariantCulture, $"{count / 1e9:0.0} billion"),
        >= 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{count / 1e6:0.0} million"),
        _ => count.ToString("N0", CultureInfo.InvariantCulture),
    };

    public static string Size(long bytes) => bytes switch
    {
        >= 1_000_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:0.0} GB"),
        >= 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.0} MB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e3:0.0} kB"),
    };

    public static string Scores(IEnumerable<KeyValuePair<string, double>>? scores) =>
        string.Join(", ", (scores ?? []).Select(s => $"{s.Key} {s.Value.ToString("G4", CultureInfo.InvariantCulture)}"));

    /// <summary>Text from a file, safe for a terminal.</summary>
    public static string Plain(string text) => string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));
}
