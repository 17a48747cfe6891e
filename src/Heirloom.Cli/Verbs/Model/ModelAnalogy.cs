using System.CommandLine;

namespace Heirloom.Cli.Verbs.Model;

/// <summary><c>heirloom model analogy A B C --base BASE --out FOLDER</c></summary>
internal static class ModelAnalogy
{
    public static Command Build(CliContext context)
    {
        Argument<string>[] names = [new("a") { Description = "fine-tuned from the base" }, new("b") { Description = "what A is to" }, new("c") { Description = "what is to the new one as A is to B" }];
        var validation = ModelVerb.Validation("held-out data of the new task, to choose the scale on");
        var work = new TaskArithmeticWork();
        var command = new Command("analogy", "A is to B as C is to a model without training data: the base + C + (B − A), as task vectors") { names[0], names[1], names[2], validation };
        work.AddTo(command);
        command.SetAction(parsed => work.Run(
            parsed, context, [(parsed.GetRequiredValue(names[2]), 1), (parsed.GetRequiredValue(names[1]), 1), (parsed.GetRequiredValue(names[0]), -1)], ModelAdd.Best(parsed.GetValue(validation))));
        return command;
    }
}
