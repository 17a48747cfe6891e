using System.CommandLine;
using Heirloom.Papers;
using Heirloom.Reproductions;

namespace Heirloom.Cli.Verbs.Papers;

/// <summary><c>papers run N</c>: trains method and baselines over seeds, prints the verdicts, writes result and report.</summary>
internal static class PapersRun
{
    public static Command Build(CliContext context)
    {
        var id = new Argument<int>("number") { Description = "the row's number" };
        var profile = new Option<Profile>("--profile") { Description = "smoke (seconds), quick (about three minutes) or full", DefaultValueFactory = _ => Profile.Quick };
        var seeds = new Option<int?>("--seeds") { Description = "repetitions (default: the profile's)" };
        var seed = new Option<ulong>("--seed") { Description = "the root of all randomness", DefaultValueFactory = _ => 1 };
        var set = new Option<string[]>("--set") { Description = "change a setting: name=value (repeatable)", DefaultValueFactory = _ => [] };
        var output = new Option<string?>("--out") { Description = "folder for results and reports (default: runs/papers)" };
        var fresh = new Option<bool>("--fresh") { Description = "forget finished trials of an earlier run with the same settings" };
        var command = new Command("run", "Run one row and say whether its claim holds here") { id, profile, seeds, seed, set, output, fresh };
        command.SetAction(parsed => context.Work(work =>
        {
            var row = Catalogue.Library.Row(parsed.GetRequiredValue(id));
            var paper = Catalogue.Library.Implemented(row.Id);
            var settings = Resolve(paper, parsed.GetValue(profile), parsed.GetValue(set) ?? [], parsed.GetValue(seeds));
            var options = new PaperRunOptions
            {
                Profile = parsed.GetValue(profile),
                Settings = settings,
                Seed = new(parsed.GetValue(seed)),
                Folder = parsed.GetValue(output) ?? PaperResults.LocalFolder(context),
                Fresh = parsed.GetValue(fresh),
            };
            var result = PaperRunner.Run(row, options, Settings.ToYaml(settings), Settings.Hash(settings), work);
            if (result is null)
            {
                return ExitCode.Interrupted;
            }

            var path = ResultStore.Write(options.Folder, result);
            var page = Path.ChangeExtension(path, ".html");
            ResultsGallery.Page(result).Save(page);
            context.Line($"{row.Id}. {row.Title}");
            context.Line($"Claim: {paper.Claim}");
            ResultTable.Show(context, result);
            context.Line($"{result.Verdict}; written to {path} and {page}");
            return result.Seeds < settings.Seeds ? ExitCode.Interrupted : ExitCode.Ok;
        }));
        return command;
    }

    /// <summary>The profile's settings with the person's changes, refused by name where they do not fit.</summary>
    private static PaperSettings Resolve(Paper paper, Profile profile, string[] changes, int? seeds)
    {
        if (seeds is < 1)
        {
            throw new UserError($"must be at least 1, not {seeds}", "--seeds");
        }

        var start = paper.SettingsOf(profile);
        var all = seeds is null ? changes : [.. changes, $"seeds={seeds}"];
        return (PaperSettings)Settings.Parse(start.GetType(), Settings.ToYaml(start), $"paper {paper.Id}", all);
    }
}
