using System.CommandLine;
using Heirloom.Reuse.Merging;

namespace Heirloom.Cli.Verbs.Model;

/// <summary><c>heirloom model add A B --base BASE --out FOLDER</c></summary>
internal static class ModelAdd
{
    public static Command Build(CliContext context)
    {
        var names = new Argument<string[]>("models") { Description = "fine-tuned from the base", Arity = ArgumentArity.OneOrMore };
        var validation = ModelVerb.Validation("held-out text, or labelled .jsonl for classifiers, to choose the scale on");
        var work = new TaskArithmeticWork();
        var command = new Command("add", "Add to a model what others, fine-tuned from it, learned (task vectors)") { names, validation };
        work.AddTo(command);
        command.SetAction(parsed => work.Run(parsed, context, [.. parsed.GetRequiredValue(names).Select(n => (n, 1.0))], Best(parsed.GetValue(validation))));
        return command;
    }

    /// <summary>The published grid of scales, the best on held-out data.</summary>
    public static Func<TaskArithmeticWork.Search, double>? Best(string[]? files) => files is not { Length: > 0 } ? null : search => search.With((start, vector) =>
    {
        var held = search.On(files);
        return ScaleSearch.Best(start, vector, ScaleSearch.PublishedGrid, model => search.Told("tried", held, model));
    });
}
