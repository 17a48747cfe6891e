using System.CommandLine;
using Heirloom.Checkpoints;
using Heirloom.Encoding;
using Heirloom.Generation;
using Heirloom.Models;
using Heirloom.Training.Registry;

namespace Heirloom.Cli.Verbs;

/// <summary><c>heirloom generate</c>: continues a prompt with a model of a folder or a run.</summary>
internal sealed class GenerateVerb : IVerb
{
    public string Group => VerbGroup.Models;

    public Command Build(CliContext context)
    {
        var model = new Option<string>("--model") { Required = true, Description = "a model folder, or a run's folder" };
        var prompt = new Option<string>("--prompt") { Description = "the beginning of the text", DefaultValueFactory = _ => "" };
        var tokens = new Option<int>("--max-tokens") { Description = "tokens to write at most", DefaultValueFactory = _ => 128 };
        var temperature = new Option<double>("--temperature") { Description = "0 for greedy", DefaultValueFactory = _ => 0.8 };
        var topK = new Option<int?>("--top-k") { Description = "only the k most likely tokens" };
        var topP = new Option<double?>("--top-p") { Description = "only the most likely tokens that together have this probability" };
        var minP = new Option<double?>("--min-p") { Description = "only tokens with at least this share of the most likely one's probability" };
        var repetition = new Option<double>("--repetition-penalty") { Description = "above 1: less of what was written already", DefaultValueFactory = _ => 1 };
        var beams = new Option<int?>("--beams") { Description = "beam search with so many beams instead of sampling" };
        var seed = new Option<ulong>("--seed") { Description = "what is drawn depends on it alone", DefaultValueFactory = _ => 1 };
        var command = new Command("generate", "Write text with a model") { model, prompt, tokens, temperature, topK, topP, minP, repetition, beams, seed };
        command.SetAction(parsed =>
        {
            var sampling = Settings.Parse<SamplingConfig>(Settings.ToYaml(new SamplingConfig
            {
                Temperature = parsed.GetValue(temperature), TopK = parsed.GetValue(topK), TopP = parsed.GetValue(topP), MinP = parsed.GetValue(minP), RepetitionPenalty = parsed.GetValue(repetition),
            }), "options");
            if (parsed.GetValue(tokens) < 1 || parsed.GetValue(beams) < 1)
            {
                throw new UserError("must be at least 1", parsed.GetValue(tokens) < 1 ? "--max-tokens" : "--beams");
            }

            Write(context, parsed.GetRequiredValue(model), parsed.GetRequiredValue(prompt), parsed.GetValue(tokens), sampling, parsed.GetValue(beams), new(parsed.GetValue(seed)));
            return ExitCode.Ok;
        });
        return command;
    }

    private static void Write(CliContext context, string path, string prompt, int tokens, SamplingConfig sampling, int? beams, Seed seed)
    {
        var folder = Directory.Exists(Path.Combine(path, RunFolder.CheckpointName)) ? Path.Combine(path, RunFolder.CheckpointName) : path;
        using var module = Checkpoint.LoadAs<ICausalLM>(folder, new() { Device = context.Device() }).Model.Module;
        var model = (ICausalLM)module;
        var tokenizer = TokenizerFile.Load(folder);
        VocabularyCheck.Require(tokenizer.VocabularySize, model.VocabularySize, folder);
        module.eval();
        IReadOnlyList<int> start = tokenizer.Encode(prompt) is { Length: > 0 } ids ? ids : [tokenizer.EndOfText ?? throw new UserError("is empty, and the tokenizer has no token to begin with", "--prompt", "give it some text")];
        var stops = tokenizer.EndOfText is { } end ? [end] : System.Collections.Immutable.ImmutableArray<int>.Empty;
        if (beams is { } width)
        {
            var best = new BeamSearch(model).Search(start, new() { Beams = width, MaxTokens = tokens, StopIds = stops });
            context.Line(prompt + tokenizer.Decode(best[0].Ids));
            return;
        }

        var writer = context.Out.Profile.Out.Writer;
        var written = new List<int>();
        var shown = 0;
        writer.Write(prompt);
        new TokenGenerator(model).Generate([start], new() { MaxTokens = tokens, Sampling = sampling, StopIds = stops }, seed, token =>
        {
            written.Add(token.Id);
            var text = tokenizer.Decode(written);

            // a character may take several tokens: what is not whole yet waits
            if (!text.EndsWith('\uFFFD') && text.Length > shown)
            {
                writer.Write(text[shown..]);
                writer.Flush();
                shown = text.Length;
            }
        }, stop: context.Stop);
        writer.WriteLine();
    }
}
