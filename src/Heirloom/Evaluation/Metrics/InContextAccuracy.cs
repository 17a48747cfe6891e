using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Evaluation.Metrics;

/// <summary>A prompt with one right next token.</summary>
/// <param name="Tokens">Examples and question.</param>
/// <param name="Answer">The right next token.</param>
public sealed record AnsweredPrompt(IReadOnlyList<int> Tokens, int Answer);

/// <summary>Whether a language model's likeliest next token is the answer (Xie et al. 2022, section 4).</summary>
public static class InContextAccuracy
{
    private const int Rows = 256;

    /// <summary>1 where right, 0 where wrong, in the order of the prompts: the examples of a bootstrap.</summary>
    /// <param name="model">Left in the mode in which it is.</param>
    /// <param name="prompts">Of any lengths; those of one length are read together.</param>
    /// <param name="work">Where to compute.</param>
    public static double[] Of(ILanguageModel model, IReadOnlyList<AnsweredPrompt> prompts, WorkContext work)
    {
        using var quiet = no_grad();
        var correct = new double[prompts.Count];
        foreach (var chunk in Enumerable.Range(0, prompts.Count).GroupBy(i => prompts[i].Tokens.Count).SelectMany(g => g.Chunk(Rows)))
        {
            work.Stop.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            var ids_BT = tensor([.. chunk.SelectMany(i => prompts[i].Tokens).Select(t => (long)t)], [chunk.Length, prompts[chunk[0]].Tokens.Count], device: work.Device);
            var last_BD = model.Encode(new(ids_BT)).select(1, -1);
            var predicted = model.Head(last_BD).argmax(-1).cpu().data<long>().ToArray();
            foreach (var (prompt, token) in chunk.Zip(predicted))
            {
                correct[prompt] = token == prompts[prompt].Answer ? 1 : 0;
            }
        }

        return correct;
    }

    /// <summary>
    /// How much the order of the examples matters, for each set of examples: the best and the worst order by one half of the questions, and the difference of
    /// their accuracies on the other half. (The range over orders itself is above 0 by chance alone.)
    /// </summary>
    /// <param name="model">Left in the mode in which it is.</param>
    /// <param name="sets">For each set of examples and each order of it, the prompts that ask the same questions, at least two.</param>
    /// <param name="work">Where to compute.</param>
    public static double[] RangeOverOrders(ILanguageModel model, IEnumerable<IReadOnlyList<IReadOnlyList<AnsweredPrompt>>> sets, WorkContext work) => [.. sets.Select(orders =>
    {
        var scores = orders.Select(prompts => Of(model, prompts, work)).Select(right => (Choose: right.Take(right.Length / 2).Average(), Report: right.Skip(right.Length / 2).Average())).ToList();
        return scores.MaxBy(s => s.Choose).Report - scores.MinBy(s => s.Choose).Report;
    })];
}
