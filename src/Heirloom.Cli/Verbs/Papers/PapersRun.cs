using System.CommandLine;
using Heirloom.Cli.Slurm;
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
        var repetition = new Option<int?>("--repetition") { Description = "trains this one alone, from 0, and keeps what it gives for a run that asks for all (default: all)", HelpName = "I" };
        var command = new Command("run", "Run one row and say whether its claim holds here") { id, profile, seeds, seed, set, output, fresh, repetition };
        var slurm = new SlurmOptions(command, shares: false);
        command.SetAction(parsed => context.Work(work =>
        {
            var row = Catalogue.Library.Row(parsed.GetRequiredValue(id));
            var paper = Catalogue.Library.Implemented(row.Id);
            var settings = Resolve(paper, parsed.GetValue(profile), parsed.GetValue(set) ?? [], parsed.GetValue(seeds));
            if (slurm.Wanted(parsed))
            {
                return Submit(context, slurm, parsed, row.Id, settings.Seeds);
            }

            var only = parsed.GetValue(repetition);
            if (only is < 0 || only >= settings.Seeds)
            {
                throw new UserError($"there is no repetition {only} of {settings.Seeds}", "--repetition", $"0 to {settings.Seeds - 1}");
            }

            var options = new PaperRunOptions
            {
                Profile = parsed.GetValue(profile),
                Settings = settings,
                Seed = new(parsed.GetValue(seed)),
                Folder = parsed.GetValue(output) ?? PaperResults.LocalFolder(context),
                Fresh = parsed.GetValue(fresh),
                Only = only,
            };
            var result = PaperRunner.Run(row, options, Settings.ToYaml(settings), Settings.Hash(settings), work);
            if (result is null)
            {
                return only is null || work.Stop.IsCancellationRequested ? ExitCode.Interrupted : ExitCode.Ok;
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

    /// <summary>One job an array's index for each repetition, and one after them that puts them together.</summary>
    private static int Submit(CliContext context, SlurmOptions slurm, ParseResult parsed, int row, int seeds)
    {
        if (context.Args.Contains("--fresh") || context.Args.Any(a => a.StartsWith("--repetition", StringComparison.Ordinal)))
        {
            throw new UserError("--fresh and --repetition cannot be submitted", "papers run", "run it here with --fresh, or choose another folder with --out");
        }

        var job = slurm.Job(parsed, $"P{row:000}", context.Args, []);
        var array = Sbatch.Submit(job with { Command = [.. job.Command, "--repetition", SlurmJob.Index], Array = seeds });
        var last = Sbatch.Submit(job with { After = array });
        context.Line($"submitted {seeds} repetitions as job {array}, and their verdict as job {last}");
        return ExitCode.Ok;
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
