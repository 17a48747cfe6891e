using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Generation;

/// <summary>How much is written, and how.</summary>
public sealed record GenerationConfig
{
    /// <summary>At most so many tokens a row.</summary>
    [Range(1, int.MaxValue)]
    public int MaxTokens { get; init; } = 128;

    public SamplingConfig Sampling { get; init; } = new();

    /// <summary>Tokens that end a row.</summary>
    public ImmutableArray<int> StopIds { get; init; } = [];

    /// <summary>Which code computes.</summary>
    public DecodingEngine Engine { get; init; }
}

/// <summary>Continues prompts token by token, several rows at once.</summary>
/// <param name="model">The model that writes.</param>
public sealed class TokenGenerator(ICausalLM model)
{
    /// <param name="prompts">Token ids; rows may differ in length. A row can grow until the longest one fills the context.</param>
    /// <param name="config">How much and how.</param>
    /// <param name="seed">What row i draws depends on it and on i alone.</param>
    /// <param name="onToken">Called for each token as it appears.</param>
    /// <param name="rules">Applied to logits before sampling.</param>
    /// <param name="ends">Asked after each token whether its row ends with it, as a stop token's would (though the token stays).</param>
    /// <param name="firstRow">The seed's number of the first row, for prompts that come in several batches.</param>
    /// <param name="stop">Ends all rows after the step under way; what was written is returned.</param>
    /// <returns>One for each prompt, in order.</returns>
    /// <exception cref="UserError">An empty prompt, one longer than the context, a token outside the vocabulary.</exception>
    public IReadOnlyList<Generated> Generate(
        IReadOnlyList<IReadOnlyList<int>> prompts,
        GenerationConfig config,
        Seed seed,
        Action<EmittedToken>? onToken = null,
        IEnumerable<ILogitRule>? rules = null,
        Func<EmittedToken, bool>? ends = null,
        int firstRow = 0,
        CancellationToken stop = default)
    {
        using var session = DecodingSession.Open(model, prompts, config.MaxTokens, config.Engine);
        var sampler = new Sampler(config.Sampling, rules);
        var rows = prompts.Select((p, i) => new Row(i, [.. p], seed.For("row", firstRow + i).Random())).ToList();
        var active = rows;
        var logits = session.Start();
        while (true)
        {
            long[] next;
            using (logits)
            {
                next = Choose(sampler, logits, active, config, onToken, ends);
            }

            var kept = Enumerable.Range(0, active.Count).Where(i => active[i].Reason is null).ToArray();
            var limit = session.IsFull ? FinishReason.Context : stop.IsCancellationRequested ? FinishReason.Canceled : (FinishReason?)null;
            if (limit is not null)
            {
                foreach (var i in kept)
                {
                    active[i].Reason = limit;
                }
            }

            if (kept.Length == 0 || limit is not null)
            {
                return [.. rows.Select(r => new Generated([.. r.Ids.Skip(prompts[r.Index].Count)], [.. r.LogProbabilities], r.Reason!.Value))];
            }

            if (kept.Length < active.Count)
            {
                session.Keep([.. kept.Select(i => (long)i)]);
                active = [.. kept.Select(i => active[i])];
                next = [.. kept.Select(i => next[i])];
            }

            logits = session.Step(next);
        }
    }

    private static long[] Choose(Sampler sampler, Tensor logits, List<Row> active, GenerationConfig config, Action<EmittedToken>? onToken, Func<EmittedToken, bool>? ends)
    {
        using var read = new LogitRows(logits);
        var next = sampler.Next(logits, [.. active.Select(r => r.Ids)], [.. active.Select(r => r.Random)]);
        for (var i = 0; i < active.Count; i++)
        {
            var (row, id) = (active[i], (int)next[i]);
            if (config.StopIds.Contains(id))
            {
                row.Reason = FinishReason.Stop;
                continue;
            }

            var score = read[i][id] - LogitRows.LogTotal(read[i]);
            row.Ids.Add(id);
            row.LogProbabilities.Add(score);
            var emitted = new EmittedToken(row.Index, id, score);
            onToken?.Invoke(emitted);
            row.Reason = ends?.Invoke(emitted) == true ? FinishReason.Stop : row.LogProbabilities.Count == config.MaxTokens ? FinishReason.Length : null;
        }

        return next;
    }

    private sealed class Row(int index, List<int> ids, Rng random)
    {
        public int Index => index;

        public List<int> Ids => ids;

        public Rng Random => random;

        public List<double> LogProbabilities { get; } = [];

        public FinishReason? Reason { get; set; }
    }
}
