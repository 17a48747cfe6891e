using Heirloom.Data;
using Heirloom.Data.Batching;
using Heirloom.Data.Tokens;
using Heirloom.Evaluation.Metrics;
using Heirloom.Models;
using Heirloom.Objectives;

namespace Heirloom.Evaluation.Testbeds;

/// <summary>
/// Held-out texts with fixed spans cut out, on which models of every objective are asked for the same tokens: each in the format that it was trained on,
/// with sentinels and ends read but not scored.
/// </summary>
public sealed class InfillingProbe
{
    private const int Batch = 32;
    private readonly IReadOnlyList<(long[] Tokens, bool[] Noise)> _texts;

    private InfillingProbe(IReadOnlyList<(long[] Tokens, bool[] Noise)> texts) => _texts = texts;

    /// <summary>The texts and which of their tokens are cut out; no text starts with a span.</summary>
    public IReadOnlyList<(long[] Tokens, bool[] Noise)> Texts => _texts;

    /// <param name="heldOut">With an end; a row counts as one text.</param>
    /// <param name="denoiser">What to cut out; its paradigm token does not matter here.</param>
    /// <param name="seed">Decides the spans.</param>
    public static InfillingProbe Of(IBatches<TokenBatch> heldOut, DenoiserConfig denoiser, Seed seed) => new([.. TokenTexts.OfEpoch(heldOut).Where(t => t.Length > 1)
        .Select((tokens, i) => (tokens, MixtureOfDenoisers.Noise(tokens.Length, denoiser, seed.For("text", i).Random())))]);

    /// <summary>The spans from the text around them, as span corruption asks for them.</summary>
    /// <param name="form">How the model reads pairs.</param>
    /// <param name="model">Trained on sentinels.</param>
    /// <param name="ids">Sentinels and ends.</param>
    /// <param name="mode">The paradigm token before the source, if any.</param>
    /// <param name="work">Where to compute.</param>
    public TokenLosses Infilled(PairForm form, IModel model, SpanCorruptionConfig ids, int? mode, WorkContext work) => PairLosses.Of(
        form,
        model,
        new SequencePairBatches([.. _texts.Select(t => MixtureOfDenoisers.Pair(t.Tokens, t.Noise, mode, ids))], Batch, ids.PadToken, new(0), shuffle: false),
        work,
        [ids.EndToken, .. Enumerable.Range(0, ids.Sentinels).Select(i => (long)ids.FirstSentinel - i)]);

    /// <summary>The spans from the text before them, all that a model that reads from left to right has.</summary>
    public TokenLosses LeftToRight(ILanguageModel model, WorkContext work)
    {
        var width = _texts.Max(t => t.Tokens.Length);
        List<TokenRow> rows = [.. _texts.Select(t => new TokenRow(
            [.. t.Tokens, .. new long[width - t.Tokens.Length]],
            [.. Enumerable.Range(0, width).Select(i => i + 1 < t.Tokens.Length && t.Noise[i + 1] ? t.Tokens[i + 1] : TokenBatch.Ignore)],
            null,
            t.Tokens.Length))];
        return TokenLosses.Of(model, new ExampleBatches<TokenRow, TokenBatch>(rows, Batch, false, new(0), (some, _) => TokenRow.Collate(some), "infilling"), work);
    }
}
