using System.CommandLine;
using Heirloom.Encoding;

namespace Heirloom.Cli.Verbs.Tokenizers;

/// <summary><c>tokenizer encode PATH --file TEXT</c>: the ids of every line, a line each.</summary>
internal static class TokenizerEncode
{
    public static Command Build(CliContext context)
    {
        var path = TokenizerVerb.PathOf();
        var file = new Option<string>("--file") { Required = true, Description = "text in UTF-8; each line is encoded by itself" };
        var json = new Option<bool>("--json") { Description = "each line's ids as a JSON array" };
        var bare = new Option<bool>("--no-special-tokens") { Description = "only the text's own tokens" };
        var command = new Command("encode", "Print the ids of a text, one line of ids a line of text") { path, file, json, bare };
        command.SetAction(parsed => context.Work(work =>
        {
            var tokenizer = TokenizerFile.Load(parsed.GetRequiredValue(path));
            var (open, separator, close) = parsed.GetValue(json) ? ("[", ",", "]") : ("", " ", "");
            var writer = context.Out.Profile.Out.Writer;
            foreach (var batch in LineBatches.Read(parsed.GetRequiredValue(file)))
            {
                work.Stop.ThrowIfCancellationRequested();
                foreach (var ids in tokenizer.EncodeBatch(batch, special: !parsed.GetValue(bare)))
                {
                    writer.Write($"{open}{string.Join(separator, ids)}{close}\n");
                }
            }

            return ExitCode.Ok;
        }));
        return command;
    }
}
