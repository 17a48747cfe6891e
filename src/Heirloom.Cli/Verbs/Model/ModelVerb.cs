using System.CommandLine;

namespace Heirloom.Cli.Verbs.Model;

/// <summary><c>heirloom model</c>: makes models out of models.</summary>
internal sealed class ModelVerb : IVerb
{
    public string Group => VerbGroup.Models;

    public Command Build(CliContext context) => new("model", "Make models out of models: grow them, merge them by a recipe")
    {
        ModelGrow.Build(context),
        ModelMerge.Build(context),
    };

    public static Argument<string> Source() => new("model") { Description = "a model folder, a run, or hf:org/name" };

    public static Option<string> Out() => new("--out") { Required = true, Description = "the folder to write" };
}
