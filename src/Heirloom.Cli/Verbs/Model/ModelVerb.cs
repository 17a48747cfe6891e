using System.CommandLine;

namespace Heirloom.Cli.Verbs.Model;

/// <summary><c>heirloom model</c>: makes models out of models.</summary>
internal sealed class ModelVerb : IVerb
{
    public string Group => VerbGroup.Models;

    public Command Build(CliContext context) => new("model", "Make models out of models: merge them by a recipe")
    {
        ModelMerge.Build(context),
    };

    public static Option<string> Out() => new("--out") { Required = true, Description = "the folder to write" };
}
