using System.CommandLine;

namespace Heirloom.Cli.Verbs.Adapters;

/// <summary><c>heirloom adapters</c>: small files that change what a model computes.</summary>
internal sealed class AdaptersVerb : IVerb
{
    public string Group => VerbGroup.Models;

    public Command Build(CliContext context) => new("adapters", "Show adapters (LoRA, IA3, prompts in the PEFT layout), and merge them into their models")
    {
        AdaptersShow.Build(context),
        AdaptersMerge.Build(context),
    };

    public static Argument<string> Folder() => new("adapter") { Description = "an adapter's folder, or hf:org/name" };
}
