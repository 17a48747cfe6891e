using System.CommandLine;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Heirloom.Encoding;

namespace Heirloom.Cli.Verbs.Tokenizers;

/// <summary><c>tokenizer decode PATH --file IDS</c>: the text of every line of ids.</summary>
internal static class TokenizerDecode
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Command Build(CliContext context)
    {
        var path = TokenizerVerb.PathOf();
        var file = new Option<string>("--file") { Required = true, Description = "lines of ids, as JSON arrays or with spaces between" };
        var skip = new Option<bool>("--skip-special-tokens") { Description = "leave special tokens out" };
        var json = new Option<bool>("--json") { Description = "each text as a JSON string, so that line breaks in it show" };
        var command = new Command("decode", "Print the text of ids, one text a line of ids") { path, file, skip, json };
        command.SetAction(parsed => context.Work(work =>
        {
            var tokenizer = TokenizerFile.Load(parsed.GetRequiredValue(path));
            var source = parsed.GetRequiredValue(file);
            var writer = context.Out.Profile.Out.Writer;
            var number = 0;
            foreach (var line in LineBatches.Read(source).SelectMany(b => b))
            {
                work.Stop.ThrowIfCancellationRequested();
                var text = tokenizer.Decode(Ids(line, $"{source}:{++number}", tokenizer.VocabularySize), special: !parsed.GetValue(skip));
                writer.Write((parsed.GetValue(json) ? JsonSerializer.Serialize(text, Plain) : text) + "\n");
            }

            return ExitCode.Ok;
        }));
        return command;
    }

    private static int[] Ids(string line, string where, int size)
    {
        var words = line.Trim().TrimStart('[').TrimEnd(']').Split([',', ' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries);
        return [.. words.Select(w => int.TryParse(w, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id < size
            ? id
            : throw new UserError($"'{w}' is no id of a vocabulary of {size}", where, "lines like [1,2,3]"))];
    }
}
