using System.CommandLine;
using Heirloom.Encoding;
using Heirloom.Encoding.Stages;

namespace Heirloom.Cli.Verbs.Tokenizers;

/// <summary><c>tokenizer show PATH</c>.</summary>
internal static class TokenizerShow
{
    public static Command Build(CliContext context)
    {
        var path = TokenizerVerb.PathOf();
        var command = new Command("show", "Show a tokenizer's stages, vocabulary and special tokens") { path };
        command.SetAction(parsed => context.Work(_ =>
        {
            var tokenizer = TokenizerFile.Load(parsed.GetRequiredValue(path));
            var definition = tokenizer.Definition;
            context.Line($"model\t{Name(definition.Model)}");
            context.Line($"vocabulary\t{tokenizer.VocabularySize}");
            context.Line($"normalizer\t{Name(definition.Normalizer)}");
            context.Line($"pre-tokenizer\t{Name(definition.PreTokenizer)}");
            context.Line($"post-processor\t{Name(definition.PostProcessor)}");
            context.Line($"decoder\t{Name(definition.Decoder)}");
            context.Line($"longest\t{(definition.Truncation is { } cut ? $"{cut.MaxLength} tokens" : "any length")}");
            context.Line($"padded\t{(definition.Padding is null ? "no" : "yes")}");
            context.Line($"added tokens\t{definition.AddedTokens.Count}, {definition.AddedTokens.Count(t => t.Special)} of them special");
            foreach (var (role, token) in tokenizer.Roles.Pairs())
            {
                context.Line($"{role}\t{Models.ModelsVerb.Plain(token)} ({tokenizer.IdOf(token)})");
            }

            context.Line($"fingerprint\t{tokenizer.Fingerprint}");
            return ExitCode.Ok;
        }));
        return command;
    }

    /// <summary>A stage by the name that files give it.</summary>
    private static string Name(IStage? stage) => stage is null
        ? "none"
        : stage.GetType().GetCustomAttributes(typeof(StageAttribute), inherit: false).OfType<StageAttribute>().Select(a => a.Type).FirstOrDefault() ?? stage.GetType().Name;
}
