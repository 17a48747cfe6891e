using Heirloom.Checkpoints;
using Heirloom.Checkpoints.Hub;
using Heirloom.Reuse.MergeMethods;
using Heirloom.Reuse.MergeRecipes;

namespace Heirloom.Reuse.Merging;

/// <summary>What a merge made.</summary>
/// <param name="Weights">The hash of the weights.</param>
/// <param name="Tensors">How many tensors.</param>
/// <param name="Parameters">How many numbers.</param>
/// <param name="Bytes">How many bytes of weights.</param>
public sealed record MergeReport(string Weights, int Tensors, long Parameters, long Bytes);

/// <summary>
/// Merges model folders into a model folder, tensor by tensor: no model is built, and no more is held in memory than the tensors in work. Whatever headers and
/// configurations can tell is checked before a value is read; the folder is written whole or not at all.
/// </summary>
public static class Merger
{
    /// <summary>Merges.</summary>
    /// <param name="recipe">What and how.</param>
    /// <param name="folders">Where the recipe's models lie, by their names; those that it does not name are looked up as folders.</param>
    /// <param name="destination">The folder to write.</param>
    /// <param name="options">Memory, seed.</param>
    /// <param name="work">Progress and stop; a stop throws <see cref="OperationCanceledException"/> and leaves nothing behind.</param>
    /// <exception cref="UserError">Models that do not fit each other, parameters out of range, values that are not finite: named before anything is written.</exception>
    public static MergeReport Run(MergeRecipe recipe, IReadOnlyDictionary<string, string> folders, string destination, MergeOptions options, WorkContext work)
    {
        using var models = new MergeModels(recipe, folders);
        var (planner, steps) = Plan(recipe, models, options);
        CheckDestination(destination, models, steps);
        foreach (var note in planner.Notes)
        {
            work.Progress.Note(note);
        }

        var hash = new MergeWriter(recipe, planner, steps, models.ByName, options, work).Write(destination);
        return Report(hash, steps);
    }

    /// <summary>The same checks, from headers and configurations alone; nothing is written.</summary>
    /// <inheritdoc cref="Run"/>
    public static MergeReport Check(MergeRecipe recipe, IReadOnlyDictionary<string, string> folders, MergeOptions options)
    {
        using var models = new MergeModels(recipe, folders);
        return Report("", Plan(recipe, models, options).Steps);
    }

    private static MergeReport Report(string hash, IReadOnlyList<MergeStep> steps) =>
        new(hash, steps.Count, steps.Where(s => TensorTypes.IsFloat(s.Type)).Sum(s => (long)s.Elements), steps.Sum(s => s.OutputBytes));

    private static (MergePlanner Planner, IReadOnlyList<MergeStep> Steps) Plan(MergeRecipe recipe, MergeModels models, MergeOptions options)
    {
        if (recipe.NeedsCalibration)
        {
            throw new UserError($"{recipe.Method} has to run the models on text", recipe.Modules[0].Slices[0].Sources[0].Where, $"call {nameof(CalibratedMerger)}");
        }

        var planner = new MergePlanner(recipe, models.ByName);
        var steps = planner.Plan();
        if (steps.FirstOrDefault(s => s.Shape.Aggregate((Int128)1, (x, y) => x * y) > int.MaxValue) is { } tooLarge)
        {
            throw new UserError($"[{string.Join(", ", tooLarge.Shape)}] has more elements than can be merged at once", tooLarge.Name);
        }

        if (!options.AnyBase && recipe.Base is { } named && steps.Any(s => s.Base is not null) && steps.All(s => s.Method is null or not Slerp))
        {
            MergeChecks.Ancestry(models.ByName[named], models.ByName.Values);
        }

        if (steps.MaxBy(s => s.WorkBytes) is { } largest && largest.WorkBytes > options.WorkBytes)
        {
            throw new UserError($"merging it takes {largest.WorkBytes / 1e6:0.0} MB, more than the {options.WorkBytes / 1e6:0.0} MB allowed (seven eighths of --memory)", largest.Name, "allow more, or merge fewer models at once");
        }

        return (planner, steps);
    }

    private static void CheckDestination(string destination, MergeModels models, IReadOnlyList<MergeStep> steps)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(destination));
        foreach (var model in models.ByName.Values)
        {
            var source = Path.TrimEndingDirectorySeparator(Path.GetFullPath(model.Folder));
            if ((source + Path.DirectorySeparatorChar).StartsWith(full + Path.DirectorySeparatorChar, StringComparison.Ordinal))
            {
                throw new UserError($"is the folder of {model.Name}, or holds it", destination, "write the result to a folder of its own");
            }
        }

        ReplaceableFolder.Require(full, HubFolder.ConfigFile);
        var standing = full;
        while (!Directory.Exists(standing))
        {
            standing = Path.GetDirectoryName(standing) ?? Path.GetPathRoot(full)!;
        }

        var (needed, free) = (steps.Sum(s => s.OutputBytes), new DriveInfo(standing).AvailableFreeSpace);
        if (needed > free)
        {
            throw new UserError($"the result takes {needed / 1e9:0.00} GB and the disk has {free / 1e9:0.00} GB left", destination, "free space or choose another disk");
        }
    }
}
