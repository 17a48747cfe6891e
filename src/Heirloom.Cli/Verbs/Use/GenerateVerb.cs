using System.CommandLine;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Heirloom.Encoding;
using Heirloom.Generation;
using Heirloom.Generation.Text;
using Heirloom.Models;

namespace Heirloom.Cli.Verbs.Use;

/// <summary><c>heirloom generate</c>: continues prompts with a model of a folder or a run, or says how likely it holds a text.</summary>
internal sealed class GenerateVerb : IVerb
{
    internal static JsonSerializerOptions OneLine { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public string Group => VerbGroup.Models;

    public Command Build(CliContext context)
    {
        var model = UseOptions.Model();
        var adapter = UseOptions.Adapter();
        var prompt = new Option<string?>("--prompt") { Description = "the beginning of the text" };
        var file = new Option<string?>("--prompts") { Description = "a file with a prompt a line (.jsonl: under 'prompt' or 'text'); the result is JSON lines" };
        var score = new Option<string?>("--score") { Description = "write nothing, and say how likely the model holds this text" };
        var logprobs = new Option<bool>("--logprobs") { Description = "each token's log-probability too" };
        var json = new Option<bool>("--json") { Description = "as JSON lines" };
        var beams = new Option<int?>("--beams") { Description = "beam search with so many beams instead of sampling" };
        var length = new Option<double>("--length-penalty") { Description = "of a beam search: above 1 for longer texts", DefaultValueFactory = _ => 1 };
        var batch = UseOptions.Batch(8);
        var sampling = new SamplingOptions(128);
        var command = new Command("generate", "Write text with a model") { model, adapter, prompt, file, score, logprobs, json, beams, length, batch };
        sampling.AddTo(command);
        command.SetAction(parsed =>
        {
            var show = new Shown(parsed.GetValue(logprobs), parsed.GetValue(json) || parsed.GetValue(file) is not null);
            var config = sampling.Config(parsed) with
            {
                Beams = parsed.GetValue(beams) is { } width ? UseOptions.AtLeastOne(width, beams.Name) : null,
                LengthPenalty = parsed.GetValue(length),
                BatchSize = UseOptions.AtLeastOne(parsed.GetValue(batch), batch.Name),
            };
            if (parsed.GetValue(prompt) is not null && parsed.GetValue(file) is not null)
            {
                throw new UserError("prompts are given twice", file.Name, "give one prompt or a file");
            }

            if (parsed.GetValue(score) is not null && (parsed.GetValue(prompt) ?? parsed.GetValue(file)) is not null)
            {
                throw new UserError("a text is scored or continued, not both", score.Name, "leave the prompts away");
            }

            using var used = UsedModel<IModel>.Open(context, parsed.GetRequiredValue(model), parsed.GetValue(adapter), sampling.Weights(parsed));
            if (parsed.GetValue(score) is { } scored)
            {
                Score(context, Causal(used), scored, show);
                return ExitCode.Ok;
            }

            var prompts = parsed.GetValue(file) is { } path ? TextLines.Read([], path, ["prompt", "text"], context.In).ToList() : [new(parsed.GetValue(prompt) ?? "", null, "--prompt")];
            if (used.Model is ISequenceToSequenceLM translator)
            {
                Translate(context, translator, used, prompts, config, sampling.Seed(parsed), show);
            }
            else
            {
                Continue(context, Causal(used), prompts, config, sampling.Seed(parsed), show);
            }

            return ExitCode.Ok;
        });
        return command;
    }

    private static UsedModel<ICausalLM> Causal(UsedModel<IModel> used) => used.Model is ICausalLM model
        ? new(model, used.Tokenizer, used.Folder)
        : throw new UserError($"holds a {used.Model.GetType().Name}, which writes no text", used.Folder.Folder, "name a causal or a sequence-to-sequence model");

    private static void Continue(CliContext context, UsedModel<ICausalLM> used, List<TextLine> prompts, TextGenerationConfig config, Seed seed, Shown show)
    {
        config = config with { StopIds = used.Folder.StopIds(used.Tokenizer) };
        var ids = prompts.Select(p => PromptEncoder.Encode(used.Tokenizer, p.Text, p.Where)).ToList();
        for (var i = 0; i < ids.Count; i++)
        {
            if (ids[i].Length > used.Model.ContextLength)
            {
                throw new UserError($"its {ids[i].Length} tokens do not fit the model's context of {used.Model.ContextLength}", prompts[i].Where, "shorten it");
            }
        }

        if (!show.Json)
        {
            context.Out.Profile.Out.Writer.Write(prompts[0].Text);
        }

        var written = new TextGenerator(used.Model, used.Tokenizer).Generate(ids, config, seed, piece => Show(context, piece, show), stop: context.Stop);
        Report(context, prompts, written, used.Tokenizer, show);
    }

    /// <summary>Each target is written by a decoder that has read its source, as any text is.</summary>
    private static void Translate(CliContext context, ISequenceToSequenceLM model, UsedModel<IModel> used, IReadOnlyList<TextLine> prompts, TextGenerationConfig config, Seed seed, Shown show)
    {
        config = config with { StopIds = used.Folder.StopIds(used.Tokenizer) };
        var written = new List<GeneratedText>();
        foreach (var prompt in prompts)
        {
            using var decoder = SourcedDecoder.Read(model, used.Tokenizer.Encode(prompt.Text, special: true), prompt.Where);
            written.AddRange(new TextGenerator(decoder, used.Tokenizer).Generate(
                decoder.Prompts, config, seed.For("prompt", written.Count), piece => Show(context, piece, show), stop: context.Stop));
        }

        Report(context, prompts, written, used.Tokenizer, show);
    }

    private static void Show(CliContext context, TextPiece piece, Shown show)
    {
        if (!show.Json)
        {
            context.Out.Profile.Out.Writer.Write(piece.Text);
            context.Out.Profile.Out.Writer.Flush();
        }
    }

    private static void Report(CliContext context, IReadOnlyList<TextLine> prompts, IReadOnlyList<GeneratedText> written, Tokenizer tokenizer, Shown show)
    {
        if (!show.Json)
        {
            context.Line();
            if (show.LogProbabilities)
            {
                Tokens(context, written[0].Ids, written[0].LogProbabilities, tokenizer);
            }

            return;
        }

        foreach (var (prompt, text) in prompts.Zip(written))
        {
            context.Line(JsonSerializer.Serialize(new
            {
                prompt = prompt.Text,
                text = text.Text,
                tokens = text.Ids.Length,
                reason = text.Reason.ToString().ToLowerInvariant(),
                ids = show.LogProbabilities ? text.Ids : default(IEnumerable<int>),
                logprobs = show.LogProbabilities ? text.LogProbabilities : default(IEnumerable<double>),
            }, OneLine));
        }
    }

    private static void Score(CliContext context, UsedModel<ICausalLM> used, string text, Shown show)
    {
        var ids = PromptEncoder.Encode(used.Tokenizer, text, "--score");
        if (ids.Length < 2)
        {
            throw new UserError("has no token after the first, and the first has no probability", "--score", "give it more text");
        }

        var scores = new TextScorer(used.Model).Score(ids);
        var (sum, mean) = (scores.Sum(), scores.Average());
        if (show.Json)
        {
            context.Line(JsonSerializer.Serialize(new { text, ids, logprobs = scores, logprob = sum, perplexity = Math.Exp(-mean) }, OneLine));
            return;
        }

        if (show.LogProbabilities)
        {
            Tokens(context, [.. ids.Skip(1)], scores, used.Tokenizer);
        }

        context.Line(string.Create(CultureInfo.InvariantCulture, $"{scores.Length} tokens, log-probability {sum:F4}, {mean:F4} a token, perplexity {Math.Exp(-mean):F3}"));
    }

    private static void Tokens(CliContext context, IReadOnlyList<int> ids, IReadOnlyList<double> scores, Tokenizer tokenizer)
    {
        for (var i = 0; i < scores.Count; i++)
        {
            context.Line(string.Create(CultureInfo.InvariantCulture, $"{scores[i],10:F4}  {(scores.Count == ids.Count ? Models.ModelsVerb.Plain(tokenizer.TokenOf(ids[i]) ?? "?") : "in all")}"));
        }
    }

    private sealed record Shown(bool LogProbabilities, bool Json);
}
