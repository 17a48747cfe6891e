using System.CommandLine;

namespace Heirloom.Cli.Verbs.Model;

/// <summary><c>heirloom model</c>: makes models out of models.</summary>
internal sealed class ModelVerb : IVerb
{
    public string Group => VerbGroup.Models;

    public Command Build(CliContext context) => new("model", "Make models out of models: grow, merge, average, add and take away what fine-tuning taught; compare two")
    {
        ModelGrow.Build(context),
        ModelMerge.Build(context),
        ModelSoup.Build(context),
        ModelAdd.Build(context),
        ModelNegate.Build(context),
        ModelAnalogy.Build(context),
        ModelDiffer.Build(context),
    };

    public static Argument<string> Source() => new("model") { Description = "a model folder, a run, or hf:org/name" };

    public static Option<string> Out() => new("--out") { Required = true, Description = "the folder to write" };

    public static Option<string[]> Validation(string what) => new("--validation") { Description = what, AllowMultipleArgumentsPerToken = true };

    public static Option<int> Rows() => new("--rows") { Description = "rows or documents that are scored at most", DefaultValueFactory = _ => 200 };
}
