using System.CommandLine;
using Heirloom.Encoding;

namespace Heirloom.Cli.Verbs.Tokenizers;

/// <summary><c>heirloom tokenizer</c>: text to ids and back, and tokenizers shown, learned, extended and exchanged.</summary>
internal sealed class TokenizerVerb : IVerb
{
    public string Group => VerbGroup.Models;

    public Command Build(CliContext context) => new("tokenizer", "Encode and decode text; show, learn, extend and exchange tokenizers")
    {
        TokenizerEncode.Build(context),
        TokenizerDecode.Build(context),
        TokenizerShow.Build(context),
        TokenizerTrain.Build(context),
        TokenizerExtend.Build(context),
        TokenizerTransplant.Build(context),
    };

    public static Argument<string> PathOf() => new("path")
    {
        Description = "a tokenizer.json, vocab.txt, SentencePiece .model or tiktoken file, or a folder that has one",
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
