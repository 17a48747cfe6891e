using System.CommandLine;
using Heirloom.Papers;

namespace Heirloom.Cli.Verbs.Papers;

/// <summary><c>papers report</c>: tables generated from the measured results.</summary>
internal static class PapersReport
{
    public static Command Build(CliContext context)
    {
        var output = new Option<string>("--out") { Description = "where to write", DefaultValueFactory = _ => Path.Combine("docs", "results") };
        var command = new Command("report", "Write the tables of all results (Markdown) and a gallery (HTML)") { output };
        command.SetAction(parsed =>
        {
            var folder = parsed.GetRequiredValue(output);
            var results = PaperResults.All(context);
            foreach (var result in results)
            {
                ResultStore.Write(folder, result);
            }

            Atomic.WriteText(Path.Combine(folder, "README.md"), ResultsPage.Markdown(results));
            ResultsGallery.Page(results).Save(Path.Combine(folder, "gallery.html"));
            foreach (var result in results)
            {
                foreach (var (plot, i) in ResultsGallery.Effects(result).Select((plot, i) => (plot, i)))
                {
                    plot.Save(Path.Combine(folder, "plots", $"P{result.Id:000}-{result.Profile}-{i + 1}.svg"));
                }
            }

            context.Line($"{results.Count} results written to {folder}");
            return ExitCode.Ok;
        });
        return command;
    }
}
