using System.CommandLine;
using Heirloom.Encoding;

namespace Heirloom.Cli.Verbs.Tokenizers;

/// <summary><c>heirloom tokenizer</c>: text to ids and back, and tokenizers learned, extended and exchanged.</summary>
internal sealed class TokenizerVerb : IVerb
{
    public string Group => VerbGroup.Models;

    public Command Build(CliContext context) => new("tokenizer", "Learn, extend and exchange tokenizers")
    {
        TokenizerTrain.Build(context),
        TokenizerExtend.Build(context),
        TokenizerTransplant.Build(context),
    };

    public static Option<string> Out() => new("--out") { Required = true, Description = "where to: a folder, or a file tokenizer.json" };

    /// <summary>Writes one file where a name ends in <c>.json</c>, else a folder.</summary>
    public static void Write(Heirloom.Encoding.Tokenizer tokenizer, string path)
    {
        if (Path.GetExtension(path) == ".json")
        {
            TokenizerFile.Save(tokenizer, path);
        }
        else
        {
            Atomic.WriteFolder(path, tokenizer.WriteTo);
        }
    }
}
