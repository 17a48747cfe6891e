using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using Heirloom.Papers;
using Heirloom.Reproductions;
using Spectre.Console;

namespace Heirloom.Cli.Verbs.Papers;

/// <summary><c>papers list</c>: every row with its state; <c>--json</c> is a stable format.</summary>
internal static class PapersList
{
    private static readonly JsonSerializerOptions s_json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private sealed record Row(int Id, string Title, string Family, bool Implemented, IReadOnlyList<Result> Results);

    private sealed record Result(
        string Profile, string Verdict, double Effect, double? Low, double? High, int Seeds,
        string Baseline, string Method, string Measure, string Commit, string Date);

    public static Command Build(CliContext context)
    {
        var family = new Option<string?>("--family") { Description = "only this family (text, cpt, reuse, …)" };
        var implemented = new Option<bool>("--implemented") { Description = "only rows that can be run" };
        var json = new Option<bool>("--json") { Description = "an array of {id,title,family,implemented,results}" };
        var command = new Command("list", "List all rows, 0 to 200, with their state") { family, implemented, json };
        command.SetAction(parsed =>
        {
            var rows = Rows(parsed.GetValue(family), parsed.GetValue(implemented));
            var results = PaperResults.All(context).ToLookup(r => r.Id);
            if (parsed.GetValue(json))
            {
                context.Line(JsonSerializer.Serialize(rows.Select(r => new Row(r.Id, r.Title, r.Family, r.Implemented, [.. results[r.Id].SelectMany(Flatten)])), s_json));
            }
            else
            {
                Show(context, rows, results);
            }

            return ExitCode.Ok;
        });
        return command;
    }

    private static List<PaperRow> Rows(string? family, bool implemented)
    {
        var all = Catalogue.Library.Rows.Values;
        var families = all.Select(r => r.Family).Distinct().ToList();
        if (family is not null && !families.Contains(family))
        {
            throw new UserError($"there is no family '{family}'", "--family", UserError.Nearest(family, families));
        }

        return [.. all.Where(r => (family is null || r.Family == family) && (!implemented || r.Implemented))];
    }

    private static IEnumerable<Result> Flatten(PaperResult result) => result.Findings.Select(f => new Result(
        result.Profile, f.Verdict, f.Effect, f.Low, f.High, result.Seeds, f.Baseline, f.Method, f.Measure, result.Commit, result.Date));

    private static void Show(CliContext context, List<PaperRow> rows, ILookup<int, PaperResult> results)
    {
        var table = new Table().Border(TableBorder.Minimal).AddColumn(new TableColumn("#").RightAligned()).AddColumns("family", "title", "state");
        foreach (var row in rows)
        {
            table.AddRow($"{row.Id}", row.Family, Markup.Escape(row.Title), State(row, results[row.Id]));
        }

        context.Out.Write(table);
        context.Line($"{rows.Count(r => r.Implemented)} of {rows.Count} can be run: heirloom papers run N");
    }

    private static string State(PaperRow row, IEnumerable<PaperResult> results) => !row.Implemented ? "[grey]not implemented yet[/]"
        : string.Join(", ", results.Select(r => $"{r.Profile}: {(r.Verdict == "reproduced" ? "[green]" : "[yellow]")}{r.Verdict}[/]")) is { Length: > 0 } measured ? measured
        : "implemented, not measured";
}
