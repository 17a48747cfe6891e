using System.CommandLine;
using Heirloom.Reuse.Merging;

namespace Heirloom.Cli.Verbs.Model;

/// <summary><c>heirloom model negate MODEL --base BASE --out FOLDER</c></summary>
internal static class ModelNegate
{
    public static Command Build(CliContext context)
    {
        var name = new Argument<string>("model") { Description = "fine-tuned from the base on what it is to forget" };
        var target = new Option<string[]>("--target") { Description = "held-out data of what it is to forget", AllowMultipleArgumentsPerToken = true };
        var control = new Option<string[]>("--control") { Description = "held-out data of what it is to keep", AllowMultipleArgumentsPerToken = true };
        var keep = new Option<double>("--keep") { Description = "share of the control's accuracy that has to stay, or of its perplexity's inverse", DefaultValueFactory = _ => 0.95 };
        var work = new TaskArithmeticWork();
        var command = new Command("negate", "Take away from a model what another, fine-tuned from it, learned (forgetting)") { name, target, control, keep };
        work.AddTo(command);
        command.SetAction(parsed =>
        {
            var (forget, kept, share) = (parsed.GetValue(target), parsed.GetValue(control), parsed.GetValue(keep));
            if ((forget is { Length: > 0 }) != (kept is { Length: > 0 }))
            {
                throw new UserError("needs both --target and --control", "model negate", "or give --scale");
            }

            if (!(share is > 0 and <= 1))
            {
                throw new UserError("must be more than 0 and at most 1", keep.Name);
            }

            return work.Run(parsed, context, [(parsed.GetRequiredValue(name), -1)], forget is not { Length: > 0 } ? null : search => search.With((start, vector) =>
            {
                var (lost, held) = (search.On(forget), search.On(kept!));
                var least = Validation.Least(start, search.Told("control, before", held, start), share);
                return ScaleSearch.Forgetting(start, vector, ScaleSearch.PublishedGrid, model => search.Told("target", lost, model), model => search.Told("control", held, model) >= least);
            }));
        });
        return command;
    }
}
