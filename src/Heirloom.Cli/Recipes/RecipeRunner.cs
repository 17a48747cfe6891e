using Heirloom.Core.Ranks;
using Heirloom.Evaluation.Reports;
using Heirloom.Training.Registry;

namespace Heirloom.Cli.Recipes;

/// <summary>Runs a recipe in a folder of its own: record, settings, report, and the state in which it ended.</summary>
internal static class RecipeRunner
{
    /// <summary>Checks a recipe, then runs it in the next free folder.</summary>
    /// <exception cref="UserError">Something does not fit; nothing was written.</exception>
    public static RegisteredRun Run(RecipeConfig recipe, RecipeContext context)
    {
        using var prepared = recipe.Prepare(context);
        DiskSpace.Require(context.RunsFolder, prepared.DiskEstimate);
        return Execute(recipe, prepared, () => RunFolder.Create(context.RunsFolder, recipe.Name), context.Work).Run;
    }

    /// <summary>Checks a recipe and opens what it needs. Of several ranks the leader does so first, and the others then find what it has cached.</summary>
    /// <exception cref="UserError">Something does not fit.</exception>
    public static IPreparedRecipe Prepare(RecipeConfig recipe, RecipeContext context)
    {
        var ranks = context.Work.Ranks;
        var first = ranks.Together(() => ranks.Leads ? recipe.Prepare(context) : null);
        return ranks.Together(() => first ?? recipe.Prepare(context));
    }

    /// <summary>Runs a recipe that has been checked.</summary>
    /// <param name="recipe">Its settings.</param>
    /// <param name="prepared">Its opened inputs.</param>
    /// <param name="open">Makes or opens the folder.</param>
    /// <param name="work">Clock and progress.</param>
    public static (RegisteredRun Run, RecipeOutcome Outcome) Execute(RecipeConfig recipe, IPreparedRecipe prepared, Func<RunFolder> open, WorkContext work)
    {
        using var run = work.Ranks.Count == 1 ? open() : RunFolder.Shared(open, work.Ranks);
        run.Begin(new()
        {
            Name = recipe.Name,
            Kind = Settings.KindOf(recipe.GetType()),
            Started = run.Record?.Started ?? work.Clock.GetUtcNow(),
            Seed = recipe.Seed,
            Settings = Settings.Hash(recipe),
            Parents = prepared.Parents,
            Data = prepared.Data,
        }, Settings.ToYaml(recipe));
        work.Progress.Note($"{run.Path}");
        try
        {
            var outcome = prepared.Run(run);
            run.Update(r => r with { State = outcome.Finished ? RunState.Finished : RunState.Interrupted, Ended = work.Clock.GetUtcNow(), Weights = outcome.Weights, Scores = outcome.Scores });
            var registered = new RegisteredRun(run.Path, run.Record!);
            if (work.Ranks.Leads)
            {
                RunPage.Of(registered).Save(Path.Combine(run.Path, RunFolder.ReportName));
            }

            return (registered, outcome);
        }
        catch (Exception e)
        {
            run.Update(r => r with { State = e is OperationCanceledException ? RunState.Interrupted : RunState.Failed, Ended = work.Clock.GetUtcNow(), Error = e is OperationCanceledException ? null : e.Message });
            throw;
        }
    }
}
