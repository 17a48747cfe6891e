using Heirloom.Data;
using Heirloom.Data.Batching;
using Heirloom.Evaluation.Metrics;
using Heirloom.Models;
using Heirloom.Objectives;

namespace Heirloom.Evaluation.Testbeds;

/// <summary>How a model is asked to fill one gap.</summary>
/// <param name="Form">How it reads pairs.</param>
/// <param name="Blank">What stands for the gap; null for a model that sees only what stands before it.</param>
/// <param name="Echo">Whether the answer repeats the blank (T5's sentinels).</param>
/// <param name="End">What ends a source with a blank in training; null for nothing.</param>
public sealed record GapFormat(PairForm Form, long? Blank = null, bool Echo = false, long? End = null)
{
    /// <summary>The gap as source and target.</summary>
    public SequencePair Pair(IReadOnlyList<long> before, IReadOnlyList<long> gap, IReadOnlyList<long> after) => new(
        Blank is { } blank ? [.. before, blank, .. after, .. End is { } end ? [end] : (long[])[]] : before,
        Blank is { } repeated && Echo ? [repeated, .. gap] : gap);

    /// <summary>A question whose answer stands at its end.</summary>
    public RankedQuestion Ask(RankedQuestion question) => question with
    {
        Prompt = Pair(question.Prompt, [], []).Source,
        Choices = [.. question.Choices.Select(c => Pair(question.Prompt, c, []).Target)],
    };
}

/// <summary>Held-out texts with one gap each, the same tokens for models of every objective.</summary>
public sealed class GapProbe
{
    private readonly IReadOnlyList<(long[] Before, long[] Gap, long[] After)> _texts;

    private GapProbe(IReadOnlyList<(long[] Before, long[] Gap, long[] After)> texts) => _texts = texts;

    /// <summary>Gaps inside texts, anywhere but at their ends.</summary>
    /// <param name="heldOut">With an end; a row counts as one text.</param>
    /// <param name="length">Tokens of a gap; shorter texts are left out.</param>
    /// <param name="seed">Decides where.</param>
    public static GapProbe Inside(IBatches<TokenBatch> heldOut, int length, Seed seed) => new([.. Texts(heldOut, length + 2).Select((text, i) =>
    {
        var at = 1 + seed.For("gap", i).Random().Next(text.Length - length - 1);
        return (text[..at], text[at..(at + length)], text[(at + length)..]);
    })]);

    /// <summary>The ends of texts, to be generated from what stands before.</summary>
    /// <param name="heldOut">With an end; a row counts as one text.</param>
    /// <param name="length">Tokens to generate; shorter texts are left out.</param>
    public static GapProbe AtEnd(IBatches<TokenBatch> heldOut, int length) =>
        new([.. Texts(heldOut, length + 1).Select(text => (text[..^length], text[^length..], Array.Empty<long>()))]);

    /// <summary>What a model pays for the gaps' tokens.</summary>
    public TokenLosses Losses(GapFormat format, IModel model, int padding, WorkContext work) => PairLosses.Of(
        format.Form,
        model,
        new SequencePairBatches([.. _texts.Select(t => format.Pair(t.Before, t.Gap, t.After))], 32, padding, new(0), shuffle: false),
        work,
        format is { Echo: true, Blank: { } blank } ? [blank] : null);

    private static IEnumerable<long[]> Texts(IBatches<TokenBatch> heldOut, int atLeast) => TokenTexts.OfEpoch(heldOut).Where(t => t.Length >= atLeast);
}
