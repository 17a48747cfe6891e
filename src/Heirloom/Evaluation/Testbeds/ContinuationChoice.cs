using Heirloom.Data;
using Heirloom.Data.Batching;
using Heirloom.Evaluation.Metrics;
using Heirloom.Objectives;

namespace Heirloom.Evaluation.Testbeds;

/// <summary>Which of several passages goes on a text? A zero-shot task that needs no labels and no training (after Zellers et al. 2019, with passages of other texts in place of adversarial ones).</summary>
public static class ContinuationChoice
{
    /// <summary>Questions on held-out rows; the wrong passages are what goes on other rows, so that every passage is right once.</summary>
    /// <param name="heldOut">With an end; a row counts as one text.</param>
    /// <param name="prompt">Tokens shown.</param>
    /// <param name="passage">Tokens of a passage; rows that are too short are left out.</param>
    /// <param name="choices">Passages to choose from.</param>
    /// <param name="seed">Decides the wrong passages and where the right one stands.</param>
    /// <exception cref="UserError">Fewer rows than choices.</exception>
    public static IReadOnlyList<RankedQuestion> Questions(IBatches<TokenBatch> heldOut, int prompt, int passage, int choices, Seed seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(choices, 2);
        List<long[]> texts = [.. TokenTexts.OfEpoch(heldOut).Where(t => t.Length >= prompt + passage)];
        if (texts.Count < choices)
        {
            throw new UserError($"{texts.Count} rows of {prompt + passage} tokens give no {choices} passages to choose from", mend: "hold out more text, or shorten prompts");
        }

        // a common cyclic shift of a permutation: no text meets its own passage among the wrong ones, and no passage twice
        var order = new Permutation(texts.Count, seed.For("order"));
        List<int> places = [.. Enumerable.Range(0, texts.Count).Select(i => (int)order[i])];
        return [.. Enumerable.Range(0, texts.Count).Select(i =>
        {
            var answer = seed.For("answer", i).Random().Next(choices);
            var others = Enumerable.Range(1, choices - 1).Select(k => places[(i + k) % places.Count]).ToList();
            others.Insert(answer, places[i]);
            return new RankedQuestion(texts[places[i]][..prompt], [.. others.Select(o => texts[o][prompt..(prompt + passage)])], answer);
        })];
    }
}
