using System.CommandLine;
using Heirloom.Cli.Verbs.Models;
using Heirloom.Reuse.MergeRecipes;
using Heirloom.Reuse.Merging;

namespace Heirloom.Cli.Verbs.Model;

/// <summary><c>heirloom model soup A B C --out FOLDER</c></summary>
internal static class ModelSoup
{
    public static Command Build(CliContext context)
    {
        var names = new Argument<string[]>("models") { Description = "models fine-tuned from one start: folders, or hf:org/name", Arity = ArgumentArity.OneOrMore };
        var destination = ModelVerb.Out();
        var validation = ModelVerb.Validation("held-out text, or labelled .jsonl for classifiers: take a model in only where the soup does not get worse on it");
        var rows = ModelVerb.Rows();
        var limits = new MergeLimits();
        var command = new Command("soup", "Average the weights of models; with --validation only those that help (greedy)") { names, destination, validation, rows };
        limits.AddTo(command);
        command.SetAction(parsed => context.Work(work =>
        {
            var (models, output, options) = (parsed.GetRequiredValue(names), parsed.GetRequiredValue(destination), limits.Read(parsed));
            var folders = MergeFolders.Of(models, ".", work);
            var chosen = parsed.GetValue(validation) is { Length: > 0 } files ? Greedy(models, folders, files, parsed.GetValue(rows), options, work, context) : models;
            var report = Merger.Run(Recipe(chosen), folders, output, options, work);
            context.Line($"{output}: the mean of {string.Join(", ", chosen)}, {ModelsVerb.Count(report.Parameters)} parameters, weights {report.Weights[..12]}");
            return ExitCode.Ok;
        }));
        return command;
    }

    private static MergeRecipe Recipe(IEnumerable<string> models) => MergeRecipe.Of("linear", null, models.Select(m => (m, 1.0)));

    private static IReadOnlyList<string> Greedy(string[] models, Dictionary<string, string> folders, string[] files, int rows, MergeOptions options, WorkContext work, CliContext context)
    {
        Merger.Check(Recipe(models), folders, options);
        var held = new Validation(folders[models[0]], files, rows, work);
        var scratch = Directory.CreateTempSubdirectory("heirloom-soup-").FullName;
        try
        {
            return GreedySoup.Choose(models, soup =>
            {
                if (soup.Count > 1)
                {
                    Merger.Run(Recipe(soup), folders, scratch, options, work with { Progress = SilentProgress.Instance });
                }

                var (score, words) = held.Score(soup.Count > 1 ? scratch : folders[soup[0]]);
                context.Line($"{string.Join(" + ", soup)}: {words}");
                return score;
            }).Chosen;
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
    }
}
