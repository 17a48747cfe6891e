using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using Heirloom.Encoding;
using Heirloom.Models;

namespace Heirloom.Generation.Text;

/// <summary>How much text is written, and how.</summary>
public sealed record TextGenerationConfig
{
    /// <summary>At most so many tokens a prompt.</summary>
    [Range(1, int.MaxValue)]
    public int MaxTokens { get; init; } = 128;

    public SamplingConfig Sampling { get; init; } = new();

    /// <summary>Tokens that end a text.</summary>
    public ImmutableArray<int> StopIds { get; init; } = [];

    /// <summary>Strings that end a text, and are no part of it.</summary>
    public ImmutableArray<string> StopStrings { get; init; } = [];

    /// <summary>Beams of a search instead of sampling; null to sample.</summary>
    [Range(1, 10000)]
    public int? Beams { get; init; }

    /// <summary>See <see cref="BeamSearchConfig.LengthPenalty"/>.</summary>
    [Range(0.0, 10.0)]
    public double LengthPenalty { get; init; } = 1;

    /// <summary>Prompts that are continued at once.</summary>
    [Range(1, 4096)]
    public int BatchSize { get; init; } = 8;

    /// <summary>Which code computes.</summary>
    public DecodingEngine Engine { get; init; }
}

/// <summary>What a model wrote after a prompt.</summary>
/// <param name="Text">Without the prompt and without what ended it.</param>
/// <param name="Ids">The tokens, those of a stop string included.</param>
/// <param name="LogProbabilities">Of each token under the model itself, natural logarithm; of a beam's one in all.</param>
/// <param name="Reason">Why it ended.</param>
public sealed record GeneratedText(string Text, ImmutableArray<int> Ids, ImmutableArray<double> LogProbabilities, FinishReason Reason);

/// <summary>A piece of text as it appears.</summary>
/// <param name="Prompt">Index of the prompt.</param>
/// <param name="Text">Whole characters.</param>
public readonly record struct TextPiece(int Prompt, string Text);

/// <summary>Continues texts: a causal model with its tokenizer.</summary>
/// <param name="model">The model that writes.</param>
/// <param name="tokenizer">Its tokenizer.</param>
public sealed class TextGenerator(ICausalLM model, ITokenizer tokenizer)
{
    /// <param name="prompts">As tokens, none empty. Each is continued as it would be alone, whatever else is in the batch.</param>
    /// <param name="config">How much and how.</param>
    /// <param name="seed">What prompt i draws depends on it and on i alone.</param>
    /// <param name="onText">Called for text as it appears (for beams, when the search is over).</param>
    /// <param name="rules">Applied to logits before sampling.</param>
    /// <param name="stop">Ends the work after the step under way; what was written is returned.</param>
    /// <returns>One for each prompt, in order.</returns>
    /// <exception cref="UserError">An empty prompt, one longer than the context, a token outside the vocabulary, an empty stop string.</exception>
    public IReadOnlyList<GeneratedText> Generate(
        IReadOnlyList<IReadOnlyList<int>> prompts,
        TextGenerationConfig config,
        Seed seed,
        Action<TextPiece>? onText = null,
        IEnumerable<ILogitRule>? rules = null,
        CancellationToken stop = default)
    {
        if (config.StopStrings.Any(string.IsNullOrEmpty))
        {
            throw new UserError("a stop string is empty", "stop_strings", "give it characters, or leave it away");
        }

        var given = rules?.ToList() ?? [];
        DecodingSession.Check(model, prompts); // all of them before the first is continued
        return [.. Batches(prompts, config).SelectMany(batch => config.Beams is { } beams
            ? Search(batch.First, prompts[batch.First], beams, config, onText, given, stop)
            : Sample(batch.First, [.. prompts.Skip(batch.First).Take(batch.Count)], config, seed, onText, given, stop))];
    }

    /// <summary>
    /// Runs of prompts that are continued together. Shorter ones are padded to the longest, so where padding would take positions that a prompt has alone
    /// (close to the end of the context), it is continued alone.
    /// </summary>
    private IEnumerable<(int First, int Count)> Batches(IReadOnlyList<IReadOnlyList<int>> prompts, TextGenerationConfig config)
    {
        var size = config.Beams is null ? config.BatchSize : 1;
        for (var first = 0; first < prompts.Count;)
        {
            var count = 1;
            var longest = prompts[first].Count;
            var equal = true;
            while (count < size && first + count < prompts.Count)
            {
                var next = prompts[first + count].Count;
                var (both, same) = (Math.Max(longest, next), equal && next == longest);
                if (!same && both + (long)config.MaxTokens - 1 > model.ContextLength)
                {
                    break;
                }

                (longest, equal) = (both, same);
                count++;
            }

            yield return (first, count);
            first += count;
        }
    }

    private IEnumerable<GeneratedText> Sample(
        int first, IReadOnlyList<IReadOnlyList<int>> prompts, TextGenerationConfig config, Seed seed, Action<TextPiece>? onText, List<ILogitRule> rules, CancellationToken stop)
    {
        var rows = prompts.Select(_ => new Row(new(tokenizer), new(config.StopStrings))).ToList();
        var written = new TokenGenerator(model).Generate(
            prompts,
            new() { MaxTokens = config.MaxTokens, Sampling = config.Sampling, StopIds = config.StopIds, Engine = config.Engine },
            seed,
            rules: rules,
            ends: token =>
            {
                var row = rows[token.Row];
                Show(first + token.Row, row, row.Scanner.Add(row.Stream.Add(token.Id)));
                return row.Scanner.IsStopped;
            },
            firstRow: first,
            stop: stop);
        for (var i = 0; i < rows.Count; i++)
        {
            var row = rows[i];
            Show(first + i, row, row.Scanner.Add(row.Stream.Finish()));
            if (!row.Scanner.IsStopped)
            {
                Show(first + i, row, row.Scanner.Finish());
            }
        }

        return written.Zip(rows).Select(w => new GeneratedText(w.Second.Text.ToString(), w.First.Ids, w.First.LogProbabilities, w.Second.Scanner.IsStopped ? FinishReason.Stop : w.First.Reason));

        void Show(int prompt, Row row, string text)
        {
            if (text.Length > 0)
            {
                row.Text.Append(text);
                onText?.Invoke(new(prompt, text));
            }
        }
    }

    private IEnumerable<GeneratedText> Search(int index, IReadOnlyList<int> prompt, int beams, TextGenerationConfig config, Action<TextPiece>? onText, List<ILogitRule> rules, CancellationToken stop)
    {
        var search = new BeamSearchConfig { Beams = beams, MaxTokens = config.MaxTokens, StopIds = config.StopIds, LengthPenalty = config.LengthPenalty, Engine = config.Engine };
        var best = new BeamSearch(model).Search(prompt, search, [.. rules, .. config.Sampling.Rules()], stop)[0];
        var scanner = new StopScanner(config.StopStrings);
        var text = scanner.Add(tokenizer.Decode(best.Ids));
        text += scanner.Finish();
        onText?.Invoke(new(index, text));
        yield return new(text, best.Ids, [best.LogProbability], scanner.IsStopped ? FinishReason.Stop : best.Reason);
    }

    private sealed record Row(TextStream Stream, StopScanner Scanner)
    {
        public System.Text.StringBuilder Text { get; } = new();
    }
}
