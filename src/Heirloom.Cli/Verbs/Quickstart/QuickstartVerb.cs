using System.CommandLine;
using System.Diagnostics;
using Heirloom.Checkpoints;
using Heirloom.Cli.Recipes;
using Heirloom.Encoding;
using Heirloom.Generation;
using Heirloom.Models;
using Heirloom.Training.Registry;
using Spectre.Console;

namespace Heirloom.Cli.Verbs.Quickstart;

/// <summary><c>heirloom quickstart</c>: pretrain, continue three ways, fine-tune from three starts, and say what the inheritance was worth.</summary>
internal sealed class QuickstartVerb : IVerb
{
    public string Group => VerbGroup.Start;

    public Command Build(CliContext context)
    {
        var offline = new Option<bool>("--offline") { Description = "generated text instead of real text" };
        var set = new Option<string[]>("--set") { Description = "changes a size (width, pretrain_steps, seeds, …); may be given again", HelpName = "name=value", DefaultValueFactory = _ => [] };
        var command = new Command("quickstart", "Pretrain, continue, fine-tune and report, in about five minutes") { offline, set };
        command.SetAction(parsed => Run(context, Settings.Parse<QuickstartSettings>("", "quickstart", parsed.GetRequiredValue(set)), parsed.GetValue(offline)));
        return command;
    }

    private static int Run(CliContext context, QuickstartSettings settings, bool offline)
    {
        RunFolder.RequireWritable(context.RunsFolder);
        var clock = Stopwatch.StartNew();
        var outcome = context.Work(work =>
        {
            var text = QuickstartText.Get(offline, work);
            return Runs(new(settings, text), new(work, context.RunsFolder));
        });
        if (outcome is null)
        {
            context.ErrorLine("stopped; the runs that were finished are kept: heirloom runs list");
            return ExitCode.Interrupted;
        }

        var sample = Sample(outcome, settings, context);
        var report = Path.Combine(context.RunsFolder, "quickstart.html");
        QuickstartReport.Page(outcome, sample, clock.Elapsed).Save(report);
        Tell(context, outcome, sample, report, clock.Elapsed);
        return ExitCode.Ok;
    }

    private static QuickstartOutcome? Runs(QuickstartPlan plan, RecipeContext recipes)
    {
        var done = new Dictionary<string, RegisteredRun>();
        bool Do(string role, Func<RecipeConfig> recipe)
        {
            var run = RecipeRunner.Run(recipe(), recipes);
            if (run.Record.State == RunState.Finished)
            {
                done[role] = run;
            }

            return run.Record.State == RunState.Finished;
        }

        string At(string role) => done[role].Folder;
        return Do("base", () => plan.Pretrain)
            && Do("naive", () => plan.Naive(At("base")))
            && Do("replay", () => plan.WithReplay(At("base")))
            && Do("scratch", () => plan.Scratch(At("base")))
            && Do("from pretrained", () => plan.Tune("quickstart-task-pretrained", At("base"), random: false))
            && Do("from continued", () => plan.Tune("quickstart-task-continued", At("replay"), random: false))
            && Do("from random", () => plan.Tune("quickstart-task-random", At("base"), random: true))
            ? new(plan, done) : null;
    }

    /// <summary>What the continued model writes.</summary>
    private static string Sample(QuickstartOutcome outcome, QuickstartSettings settings, CliContext context)
    {
        var folder = Path.Combine(outcome["replay"].Folder, RunFolder.CheckpointName);
        using var model = Checkpoint.LoadAs<ICausalLM>(folder, new() { Device = context.Device() }).Model.Module;
        var tokenizer = TokenizerFile.Load(folder);
        IReadOnlyList<int> prompt = tokenizer.Encode(outcome.Plan.Text.Prompt) is { Length: > 0 } ids ? ids : [tokenizer.EndOfText ?? 0];
        var config = new GenerationConfig { MaxTokens = 80, Sampling = new() { Temperature = 0.8, TopP = 0.95 }, StopIds = tokenizer.EndOfText is { } end ? [end] : [] };
        model.eval();
        var written = new TokenGenerator((ICausalLM)model).Generate([prompt], config, new Seed(settings.Seed).For("sample"), stop: context.Stop)[0];
        return outcome.Plan.Text.Prompt + tokenizer.Decode(written.Ids);
    }

    private static void Tell(CliContext context, QuickstartOutcome outcome, string sample, string report, TimeSpan elapsed)
    {
        var text = outcome.Plan.Text;
        context.Line(text.Generated is { } why ? $"On generated text ({why})." : $"On real text: {text.Old.Name}, then {text.New.Name}; {text.Task}.");
        var perplexities = new Table().Border(TableBorder.Rounded).AddColumns("model", $"perplexity, {text.Old.Name} (old)", $"perplexity, {text.New.Name} (new)");
        foreach (var (name, old, now) in outcome.Perplexities())
        {
            perplexities.AddRow(name, $"{old:F1}", $"{now:F1}");
        }

        context.Out.Write(perplexities);
        var starts = new Table().Border(TableBorder.Rounded).AddColumns("fine-tuned from", $"accuracy, {outcome.Plan.Settings.Seeds} seeds");
        foreach (var (name, accuracy) in outcome.Accuracies())
        {
            starts.AddRow(name, $"{accuracy:P1}");
        }

        context.Out.Write(starts);
        foreach (var sentence in outcome.Sentences())
        {
            context.Line($"- {sentence}");
        }

        context.Line();
        context.Line($"The continued model writes: {sample.ReplaceLineEndings(" ")}");
        context.Line();
        context.Line($"Report: {report} ({elapsed.TotalMinutes:F1} minutes). Try next:");
        foreach (var command in outcome.Next(context.RunsFolder))
        {
            context.Line($"  {command}");
        }
    }
}
