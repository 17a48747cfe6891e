using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Generation;

/// <summary>Writes the target of a source with an encoder–decoder, several rows at once.</summary>
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
        using var scope = NewDisposeScope();
        var device = model.Module.parameters().First().device;
        var length = sources.Max(s => s.Count);
        var source = tensor(sources.SelectMany(s => s.Select(id => (long)id).Concat(Enumerable.Repeat((long)padding, length - s.Count))).ToArray(), device: device).view(sources.Count, length);
        var mask = tensor(sources.SelectMany(s => Enumerable.Range(0, length).Select(i => i < s.Count)).ToArray(), device: device).view(sources.Count, length);
        using var decoder = SourcedDecoder.Read(model, source, mask);
        return new TokenGenerator(decoder).Generate(decoder.Prompts, config, seed, onToken, stop: stop);
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
