using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Generation;

/// <summary>Writes the target of a source with an encoder–decoder, several rows at once. The target so far is read anew for every token.</summary>
/// <param name="model">The model that writes.</param>
public sealed class SequenceToSequenceGenerator(ISequenceToSequenceLM model)
{
    /// <param name="sources">Token ids, none empty.</param>
    /// <param name="config">How much and how.</param>
    /// <param name="seed">What row i draws depends on it and on i alone.</param>
    /// <param name="padding">An id that fills short sources.</param>
    /// <param name="onToken">Called for each token as it appears.</param>
    /// <param name="stop">Ends all rows after the step under way; what was written is returned.</param>
    /// <returns>One for each source, in order.</returns>
    /// <exception cref="UserError">An empty source, or a token outside the vocabulary.</exception>
    public IReadOnlyList<Generated> Generate(
        IReadOnlyList<IReadOnlyList<int>> sources, GenerationConfig config, Seed seed, int padding = 0, Action<EmittedToken>? onToken = null, CancellationToken stop = default)
    {
        Check(sources);
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        var wasTraining = model.Module.training;
        model.Module.eval();
        var device = model.Module.parameters().First().device;
        var length = sources.Max(s => s.Count);
        var source = tensor(sources.SelectMany(s => s.Select(id => (long)id).Concat(Enumerable.Repeat((long)padding, length - s.Count))).ToArray(), device: device).view(sources.Count, length);
        var mask = tensor(sources.SelectMany(s => Enumerable.Range(0, length).Select(i => i < s.Count)).ToArray(), device: device).view(sources.Count, length);
        var memory = model.EncodeSource(source, mask);
        var sampler = new Sampler(config.Sampling);
        var rows = sources.Select((_, i) => (Ids: new List<int> { model.DecoderStart }, Scores: new List<double>(), Random: seed.For("row", i).Random())).ToList();
        var reasons = new FinishReason?[sources.Count];
        while (reasons.Any(r => r is null) && !stop.IsCancellationRequested)
        {
            using var step = NewDisposeScope();
            var target = tensor(rows.SelectMany(r => r.Ids.Select(id => (long)id)).ToArray(), device: device).view(sources.Count, -1);
            var logits = model.Head(model.Decode(target, memory, mask).select(1, -1)).to(ScalarType.Float32);
            var next = sampler.Next(logits, [.. rows.Select(r => (IReadOnlyList<int>)r.Ids)], [.. rows.Select(r => r.Random)]);
            var scores = logits.log_softmax(-1).gather(1, tensor(next, device: device).unsqueeze(1)).cpu().data<float>().ToArray();
            for (var i = 0; i < rows.Count; i++)
            {
                rows[i].Ids.Add((int)next[i]); // finished rows go on unheard until all are
                if (reasons[i] is not null)
                {
                    continue;
                }

                if (config.StopIds.Contains((int)next[i]))
                {
                    reasons[i] = FinishReason.Stop;
                    continue;
                }

                rows[i].Scores.Add(scores[i]);
                onToken?.Invoke(new(i, (int)next[i], scores[i]));
                reasons[i] = rows[i].Scores.Count == config.MaxTokens ? FinishReason.Length : null;
            }
        }

        model.Module.train(wasTraining);
        return [.. rows.Select((r, i) => new Generated([.. r.Ids.Skip(1).Take(r.Scores.Count)], [.. r.Scores], reasons[i] ?? FinishReason.Canceled))];
    }

    private void Check(IReadOnlyList<IReadOnlyList<int>> sources)
    {
        for (var i = 0; i < sources.Count; i++)
        {
            var where = sources.Count == 1 ? "source" : $"source {i + 1}";
            if (sources[i].Count == 0)
            {
                throw new UserError("it has no tokens", where, "give at least one");
            }

            if (sources[i].FirstOrDefault(id => id < 0 || id >= model.VocabularySize, defaultValue: 0) is var id and not 0)
            {
                throw new UserError($"token {id} is outside the model's vocabulary of {model.VocabularySize}", where, "use the tokenizer that belongs to the model");
            }
        }
    }
}
