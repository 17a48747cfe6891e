using Heirloom.Data.Batching;
using Heirloom.Models;
using Heirloom.Objectives;
using static TorchSharp.torch;

namespace Heirloom.Evaluation.Metrics;

/// <summary>A prompt with the answers to choose from.</summary>
/// <param name="Prompt">Ids, at least one.</param>
/// <param name="Choices">Ids of each answer, at least one each.</param>
/// <param name="Answer">Which of them is right.</param>
public sealed record RankedQuestion(IReadOnlyList<long> Prompt, IReadOnlyList<IReadOnlyList<long>> Choices, int Answer);

/// <summary>Answering by likelihood: the model says what it finds likeliest, and nothing need be generated (Brown et al. 2020, §2.4; Sanh et al. 2022, §4).</summary>
public static class RankClassification
{
    private const int Batch = 64;

    /// <param name="form">How the model reads pairs.</param>
    /// <param name="model">Put into evaluation mode for the while, and back.</param>
    /// <param name="questions">All with as many choices.</param>
    /// <param name="padding">Fills short prompts.</param>
    /// <param name="work">Where to compute and when to stop.</param>
    /// <param name="perToken">Whether choices are compared by their mean log-likelihood a token; by their sum otherwise.</param>
    public static Classifications Of(PairForm form, IModel model, IReadOnlyList<RankedQuestion> questions, int padding, WorkContext work, bool perToken = false)
    {
        var classes = questions.Count > 0 ? questions[0].Choices.Count : throw new UserError("there is no question to score", mend: "give it more texts");
        if (questions.Any(q => q.Choices.Count != classes))
        {
            throw new ArgumentException("every question must have as many choices", nameof(questions));
        }

        List<SequencePair> pairs = [.. questions.SelectMany(q => q.Choices.Select(choice => new SequencePair(q.Prompt, choice)))];
        var losses = new List<double>();
        PairLosses.Each(form, model, new SequencePairBatches(pairs, Batch, padding, new(0), shuffle: false), work, (losses_BT, targets_BT) =>
        {
            var sum_B = losses_BT.sum(1, type: ScalarType.Float64);
            losses.AddRange((perToken ? sum_B / targets_BT.ne(Data.TokenBatch.Ignore).sum(1) : sum_B).cpu().data<double>().ToArray());
        });
        return new(
            [.. questions.Select((_, i) => Enumerable.Range(0, classes).MinBy(c => losses[(i * classes) + c]))],
            [.. questions.Select(q => q.Answer)],
            classes);
    }
}
