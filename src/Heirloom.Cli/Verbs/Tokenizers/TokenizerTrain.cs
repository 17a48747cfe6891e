using System.CommandLine;
using Heirloom.Encoding;

namespace Heirloom.Cli.Verbs.Tokenizers;

/// <summary><c>heirloom tokenizer train --kind KIND --size N FILES… --out PATH</c></summary>
internal static class TokenizerTrain
{
    public static Command Build(CliContext context)
    {
        var kinds = Settings.Kinds(typeof(TokenizerTrainingConfig));
        var kind = new Option<string>("--kind") { Description = $"bpe ({string.Join(", ", kinds.Keys.Order(StringComparer.Ordinal))})", DefaultValueFactory = _ => "bpe" };
        var size = new Option<int>("--size") { Required = true, Description = "tokens in all, special ones included" };
        var set = new Option<string[]>("--set") { Description = "any other setting, such as lowercase=false; may be given several times" };
        var files = CorpusFiles.Files(ArgumentArity.OneOrMore);
        var output = TokenizerVerb.Out();
        var command = new Command("train", "Learn a tokenizer from files of any size, on all cores") { files, kind, size, set, output };
        command.SetAction(parsed => context.Work(work =>
        {
            var name = Kind(parsed.GetRequiredValue(kind), kinds.Keys);
            var config = Settings.Parse<TokenizerTrainingConfig>($"kind: {name}\n", "options", [$"vocabulary_size={parsed.GetValue(size)}", .. parsed.GetValue(set) ?? []]);
            var tokenizer = config.Train(CorpusFiles.Read(parsed.GetRequiredValue(files), work), work);
            if (work.Stop.IsCancellationRequested)
            {
                return ExitCode.Interrupted; // half a vocabulary is none
            }

            TokenizerVerb.Write(tokenizer, parsed.GetRequiredValue(output));
            context.Line($"{tokenizer.VocabularySize} tokens in {parsed.GetRequiredValue(output)}");
            return ExitCode.Ok;
        }));
        return command;
    }

    /// <summary>A kind by its name, or by the last part of one: <c>bpe</c> is <c>byte_level_bpe</c>.</summary>
    private static string Kind(string typed, IEnumerable<string> kinds) =>
        kinds.FirstOrDefault(k => k == typed) ?? kinds.SingleOrDefault(k => k.EndsWith("_" + typed, StringComparison.Ordinal))
        ?? throw new UserError($"there is no kind '{typed}'", "--kind", UserError.Nearest(typed, kinds.Append("bpe")));
}
