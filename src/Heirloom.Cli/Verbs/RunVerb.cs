using System.CommandLine;
using Heirloom.Cli.Ranks;
using Heirloom.Cli.Recipes;
using Heirloom.Cli.Slurm;
using Heirloom.Core.Ranks;
using Heirloom.Evaluation.Reports;
using Heirloom.Training.Registry;
using Spectre.Console;

namespace Heirloom.Cli.Verbs;

/// <summary><c>heirloom run recipe.yaml</c>: pretrain, continue, fine-tune or evaluate as the recipe says.</summary>
internal sealed class RunVerb : IVerb
{
    public string Group => VerbGroup.Train;

    public Command Build(CliContext context)
    {
        var recipe = new Argument<string>("recipe") { Description = "a YAML file; see recipes/" };
        var set = new Option<string[]>("--set") { Description = "changes a setting of the recipe; may be given again", HelpName = "a.b=c", DefaultValueFactory = _ => [] };
        var output = new Option<string?>("--out") { Description = "the run's folder (default: runs/NAME-N)", HelpName = "DIR" };
        var resume = new Option<bool>("--resume") { Description = "goes on with the newest unfinished run of the recipe, or with the one in --out" };
        var check = new Option<bool>("--check") { Description = "checks everything and does nothing" };
        var command = new SharedCommand("run", "Run a recipe: pretrain, continue, fine-tune or evaluate") { recipe, set, output, resume, check };
        var slurm = new SlurmOptions(command, shares: true);
        command.SetAction(parsed =>
        {
            var settings = context.Ranks.Together(() => Settings.Load<RecipeConfig>(parsed.GetRequiredValue(recipe), parsed.GetRequiredValue(set)));
            if (slurm.Wanted(parsed))
            {
                var id = Sbatch.Submit(slurm.Job(parsed, settings.Name, context.Args, []));
                context.Line($"submitted as job {id}");
                return ExitCode.Ok;
            }

            return Run(context, settings, parsed.GetRequiredValue(recipe), parsed.GetValue(output), parsed.GetValue(resume), parsed.GetValue(check));
        });
        return command;
    }

    private static int Run(CliContext context, RecipeConfig recipe, string path, string? output, bool resume, bool checkOnly)
    {
        var ranks = context.Ranks;
        (string? Folder, Func<RunFolder> Open) Nowhere() => (output, () => throw new InvalidOperationException("the leader opens the run"));
        var place = ranks.Together(() => ranks.Leads ? Place(context, recipe, output, resume) : Nowhere());
        var done = context.Work(work =>
        {
            using var prepared = RecipeRunner.Prepare(recipe, new(work, context.RunsFolder));
            ranks.Together(() => DiskSpace.Require(place.Folder ?? context.RunsFolder, prepared.DiskEstimate));
            return checkOnly ? ((RegisteredRun Run, RecipeOutcome Outcome)?)null : RecipeRunner.Execute(recipe, prepared, place.Open, work);
        });
        if (!ranks.Leads)
        {
            return done is { Outcome.Finished: false } ? ExitCode.Interrupted : ExitCode.Ok;
        }

        if (done is null)
        {
            context.Line($"{path}: ready to run");
            return ExitCode.Ok;
        }

        return Tell(context, done.Value.Run, done.Value.Outcome, path);
    }

    /// <summary>Decides where the run goes and refuses what is already taken, before any work; the folder itself is made later.</summary>
    private static (string? Folder, Func<RunFolder> Open) Place(CliContext context, RecipeConfig recipe, string? output, bool resume)
    {
        if (resume)
        {
            var folder = output ?? RunFolder.Unfinished(context.RunsFolder, recipe.Name)
                ?? throw new UserError($"there is no unfinished run of '{recipe.Name}'", context.RunsFolder, "leave out --resume to start one");
            RunFile.Read(folder);
            Free(folder);
            return (folder, () => RunFolder.Resume(folder));
        }

        if (output is null)
        {
            RunFolder.RequireWritable(context.RunsFolder);
            return (null, () => RunFolder.Create(context.RunsFolder, recipe.Name));
        }

        if (File.Exists(Path.Combine(output, RunFile.Name)))
        {
            throw new UserError("holds a run already", output, "choose another folder, or --resume");
        }

        Free(output);
        RunFolder.RequireWritable(output);
        return (output, () => RunFolder.At(output));
    }

    private static void Free(string folder)
    {
        if (RunFolder.IsLive(folder))
        {
            throw new UserError("another run is using this folder", folder, "wait for it, or choose another folder");
        }
    }

    private static int Tell(CliContext context, RegisteredRun run, RecipeOutcome outcome, string recipe)
    {
        if (!outcome.Finished)
        {
            context.ErrorLine($"stopped; go on with: heirloom run {recipe} --resume --out {Short(run.Folder)}");
            return ExitCode.Interrupted;
        }

        var table = new Table().Border(TableBorder.Rounded).AddColumn("score").AddColumn(new TableColumn(Markup.Escape(run.Id)).RightAligned());
        foreach (var (name, value) in outcome.Scores.OrderBy(s => s.Key, StringComparer.Ordinal))
        {
            table.AddRow(new Text(name), new Text(RunPage.Number(value)));
        }

        if (outcome.Scores.Count > 0)
        {
            context.Out.Write(table);
        }

        context.Line(Short(run.Folder));
        foreach (var next in outcome.Next)
        {
            context.Line($"  next: {next.Replace("{run}", Path.GetDirectoryName(run.Folder) == Path.GetFullPath(context.RunsFolder) ? run.Id : Short(run.Folder), StringComparison.Ordinal)}");
        }

        return ExitCode.Ok;
    }

    private static string Short(string folder) => Path.GetRelativePath(Environment.CurrentDirectory, folder) is var near && !near.StartsWith("..", StringComparison.Ordinal) ? near : folder;
}
