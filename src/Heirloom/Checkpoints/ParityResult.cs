using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Heirloom.Checkpoints.Hub;

namespace Heirloom.Checkpoints;

/// <summary>A folder against its references.</summary>
/// <param name="Folder">Its name.</param>
/// <param name="Architecture">What its configuration calls it.</param>
/// <param name="Outputs">At least one.</param>
public sealed record ParityResult(string Folder, string Architecture, IReadOnlyList<ParityOutput> Outputs)
{
    /// <summary>Largest absolute difference of any output; NaN where a value is not a number.</summary>
    public double Largest => Outputs.Any(o => double.IsNaN(o.Difference)) ? double.NaN : Outputs.Max(o => o.Difference);

    /// <summary>The output that differs most.</summary>
    public string Worst => (Outputs.FirstOrDefault(o => double.IsNaN(o.Difference)) ?? Outputs.MaxBy(o => o.Difference)!).Name;

    /// <summary>Runs the model of a folder on its reference inputs.</summary>
    /// <exception cref="UserError">The folder or its references are missing or of a kind that is not known.</exception>
    public static ParityResult Of(string folder, LoadOptions? options = null)
    {
        var outputs = Parity.Run(folder, options);
        var config = JsonFile.ParseObject(Path.Combine(folder, HubFolder.ConfigFile));
        var architecture = config["architectures"] is JsonArray { Count: > 0 } names ? $"{names[0]}" : $"{config["model_type"]}";
        return new(Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))), architecture, outputs);
    }

    /// <summary>Results as a page of documentation.</summary>
    public static string Table(IEnumerable<ParityResult> results)
    {
        var page = new StringBuilder("# Parity\n\nWhat `heirloom models parity` measured: the largest absolute difference between a model's outputs here and those of another implementation.\n")
            .Append("The folders are those of `tests/Heirloom.Tests/References/parity`, whose README says what made them. Made by\n")
            .Append("`heirloom models parity tests/Heirloom.Tests/References/parity --table docs/parity.md`.\n\n")
            .Append("| architecture | folder | outputs | largest difference | where |\n|---|---|---|---|---|\n");
        foreach (var result in results.OrderBy(r => r.Architecture, StringComparer.OrdinalIgnoreCase).ThenBy(r => r.Folder, StringComparer.Ordinal))
        {
            page.Append(CultureInfo.InvariantCulture, $"| {Cell(result.Architecture)} | {Cell(result.Folder)} | {result.Outputs.Count} | {result.Largest:G2} | {Cell(result.Worst)} |\n");
        }

        return page.ToString();
    }

    private static string Cell(string text) => string.Concat(text.Where(c => !char.IsControl(c))).Replace("|", "\\|", StringComparison.Ordinal);
}
