using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Generation;

/// <summary>A search's settings.</summary>
public sealed record BeamSearchConfig
{
    /// <summary>Continuations kept at each step.</summary>
    [Range(1, 10000)]
    public int Beams { get; init; } = 4;

    /// <summary>α: hypotheses are ranked by log-probability / lengthᵅ; 0 ranks by probability alone, more favors longer ones.</summary>
    [Range(0.0, 10.0)]
    public double LengthPenalty { get; init; } = 1;

    /// <summary>At most so many tokens.</summary>
    [Range(1, int.MaxValue)]
    public int MaxTokens { get; init; } = 128;

    /// <summary>Tokens that end a hypothesis.</summary>
    public ImmutableArray<int> StopIds { get; init; } = [];

    /// <summary>Which code computes.</summary>
    public DecodingEngine Engine { get; init; }
}

/// <summary>A finished continuation.</summary>
/// <param name="Ids">Without the prompt and without the stop token.</param>
/// <param name="LogProbability">Of all its tokens, the stop token included.</param>
/// <param name="Score">By which it is ranked.</param>
/// <param name="Reason">Why it ended.</param>
public sealed record Hypothesis(ImmutableArray<int> Ids, double LogProbability, double Score, FinishReason Reason);

/// <summary>Looks for likely continuations of a prompt by keeping several at each step (Graves 2012; Sutskever, Vinyals and Le 2014).</summary>
/// <param name="model">The model that writes.</param>
public sealed class BeamSearch(ICausalLM model)
{
    /// <param name="prompt">Token ids.</param>
    /// <param name="config">Its settings.</param>
    /// <param name="rules">Applied to logits before they are ranked.</param>
    /// <param name="stop">Ends the search after the step under way; what was found is returned.</param>
    /// <returns>At most <see cref="BeamSearchConfig.Beams"/>, best first.</returns>
    /// <exception cref="UserError">An empty prompt, one longer than the context, a token outside the vocabulary.</exception>
    public IReadOnlyList<Hypothesis> Search(
        IReadOnlyList<int> prompt, BeamSearchConfig config, IReadOnlyList<ILogitRule>? rules = null, CancellationToken stop = default)
    {
        using var session = DecodingSession.Open(model, [prompt], config.MaxTokens, config.Engine);
        List<Beam> beams = [new([.. prompt], 0)];
        List<Hypothesis> finished = [];
        var logits = session.Start();
        for (var length = 1; ; length++)
        {
            List<Candidate> candidates;
            using (logits)
            {
                candidates = Rank(logits, beams, config, rules);
            }

            finished.AddRange(candidates
                .Where(c => c.IsStop)
                .Select(c => Finish(beams[c.Beam].Ids, c.LogProbability, length, FinishReason.Stop)));
            var running = candidates.Where(c => !c.IsStop).Take(config.Beams).ToList();
            var reason = length == config.MaxTokens ? FinishReason.Length
                : session.IsFull ? FinishReason.Context
                : stop.IsCancellationRequested ? FinishReason.Canceled
                : (FinishReason?)null;
            finished = [.. finished.OrderByDescending(h => h.Score).Take(config.Beams)];
            if (reason is null && running.Count > 0 && !IsSettled(finished, running[0].LogProbability, config))
            {
                beams = [.. running.Select(c => new Beam([.. beams[c.Beam].Ids, c.Id], c.LogProbability))];
                session.Keep([.. running.Select(c => (long)c.Beam)]);
                logits = session.Step([.. running.Select(c => (long)c.Id)]);
                continue;
            }

            var cut = reason is null ? [] : running.Select(c => Finish([.. beams[c.Beam].Ids, c.Id], c.LogProbability, length, reason.Value));
            return [.. finished.Concat(cut).OrderByDescending(h => h.Score).Take(config.Beams)];
        }

        Hypothesis Finish(ImmutableArray<int> ids, double logProbability, int length, FinishReason reason) =>
            new(ids[prompt.Count..], logProbability, logProbability / Math.Pow(length, config.LengthPenalty), reason);
    }

    /// <summary>The best continuations of all beams: enough that as many as there are beams do not stop.</summary>
    private static List<Candidate> Rank(Tensor logits, List<Beam> beams, BeamSearchConfig config, IReadOnlyList<ILogitRule>? rules)
    {
        using var scope = NewDisposeScope();
        IReadOnlyList<IReadOnlyList<int>> rows = [.. beams.Select(b => b.Ids)];
        using var read = new LogitRows((rules ?? []).Aggregate(logits, (l, rule) => rule.Apply(l, rows)));
        var count = config.Beams * (1 + config.StopIds.Length);
        // the worst of the best so far comes out first; of equal ones the later
        var best = new PriorityQueue<Candidate, (double, int, int)>();
        for (var b = 0; b < beams.Count; b++)
        {
            var row = read[b];
            var before = beams[b].LogProbability - LogitRows.LogTotal(row);
            for (var id = 0; id < row.Length; id++)
            {
                var total = row[id] + before;
                if (float.IsNegativeInfinity(row[id]) || (best.Count == count && total <= best.Peek().LogProbability))
                {
                    continue;
                }

                if (best.Count == count)
                {
                    best.Dequeue();
                }

                best.Enqueue(new(b, id, total, config.StopIds.Contains(id)), (total, -b, -id));
            }
        }

        var ranked = new List<Candidate>(best.Count);
        while (best.TryDequeue(out var candidate, out _))
        {
            ranked.Add(candidate);
        }

        ranked.Reverse();
        // A stop below the beams would not have been kept as a continuation either.
        return [.. ranked.Where((c, rank) => !c.IsStop || rank < config.Beams)];
    }

    /// <summary>Whether no running beam can still overtake: its log-probability only falls, and counts most at the greatest length.</summary>
    private static bool IsSettled(List<Hypothesis> finished, double bestRunning, BeamSearchConfig config) =>
        finished.Count == config.Beams && finished[^1].Score >= bestRunning / Math.Pow(config.MaxTokens, config.LengthPenalty);

    private sealed record Beam(ImmutableArray<int> Ids, double LogProbability);

    private readonly record struct Candidate(int Beam, int Id, double LogProbability, bool IsStop);
}
