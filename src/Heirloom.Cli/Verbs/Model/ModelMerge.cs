using System.CommandLine;
using Heirloom.Cli.Verbs.Models;
using Heirloom.Reuse.MergeRecipes;
using Heirloom.Reuse.Merging;

namespace Heirloom.Cli.Verbs.Model;

/// <summary><c>heirloom model merge recipe.yaml --out FOLDER</c></summary>
internal static class ModelMerge
{
    public static Command Build(CliContext context)
    {
        var file = new Argument<string>("recipe") { Description = "a YAML file, as mergekit has them" };
        var destination = ModelVerb.Out();
        destination.Required = false;
        var check = new Option<bool>("--check") { Description = "check everything that headers can tell, write nothing" };
        var limits = new MergeLimits();
        var command = new Command("merge", "Merge models by a recipe: linear, slerp, task arithmetic, TIES, DARE, DELLA, breadcrumbs, model stock, Karcher mean, stacked layers") { file, destination, check };
        limits.AddTo(command);
        command.SetAction(parsed => context.Work(work =>
        {
            var path = parsed.GetRequiredValue(file);
            var recipe = MergeRecipe.Load(path);
            var folders = MergeFolders.Of(recipe.Models, Path.GetDirectoryName(Path.GetFullPath(path))!, work);
            if (recipe.NeedsCalibration)
            {
                return Calibrated(recipe, folders, parsed.GetValue(check) ? throw new UserError($"{recipe.Method} runs the models, which headers do not tell of", "--check", "leave it out") : Named(parsed.GetValue(destination)), new(limits.Read(parsed).Seed.Value), work, context);
            }

            if (parsed.GetValue(check))
            {
                var planned = Merger.Check(recipe, folders, limits.Read(parsed));
                context.Line($"{path}: {recipe.Method} of {recipe.Models.Length} {(recipe.Models.Length == 1 ? "model" : "models")} would give {ModelsVerb.Count(planned.Parameters)} parameters, {ModelsVerb.Size(planned.Bytes)}");
                return ExitCode.Ok;
            }

            var output = Named(parsed.GetValue(destination));
            var report = Merger.Run(recipe, folders, output, limits.Read(parsed), work);
            context.Line($"{output}: {recipe.Method} of {recipe.Models.Length} {(recipe.Models.Length == 1 ? "model" : "models")}, {ModelsVerb.Count(report.Parameters)} parameters in {report.Tensors} tensors, {ModelsVerb.Size(report.Bytes)}, weights {report.Weights[..12]}");
            return ExitCode.Ok;
        }));
        return command;
    }

    private static string Named(string? output) => output ?? throw new UserError("names no folder to write", "model merge", "give --out FOLDER, or --check to write nothing");

    private static int Calibrated(MergeRecipe recipe, Dictionary<string, string> folders, string output, Seed seed, WorkContext work, CliContext context)
    {
        var hash = CalibratedMerger.Run(recipe, folders, output, seed, work);
        context.Line($"{output}: {recipe.Method} of {recipe.Models.Length} models, weights {hash[..12]}");
        return ExitCode.Ok;
    }
}
