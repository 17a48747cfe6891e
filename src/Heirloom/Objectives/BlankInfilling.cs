using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using Heirloom.Data;
using Heirloom.Models.Text;
using static TorchSharp.torch;

namespace Heirloom.Objectives;

/// <summary>Which spans of a text become blanks.</summary>
public sealed record BlankInfillingConfig : IExample<BlankInfillingConfig>
{
    public static BlankInfillingConfig Example => new() { MaskToken = 1, StartToken = 2, EndToken = 3 };

    /// <summary>[MASK]: one stands for a whole span.</summary>
    [Range(0, int.MaxValue)]
    public required int MaskToken { get; init; }

    /// <summary>[START] is read before a span's first token.</summary>
    [Range(0, int.MaxValue)]
    public required int StartToken { get; init; }

    /// <summary>[END] is predicted after its last.</summary>
    [Range(0, int.MaxValue)]
    public required int EndToken { get; init; }

    /// <summary>Share of tokens in short spans, and in whole sentences.</summary>
    [Range(0.0, 1.0)]
    public double Rate { get; init; } = 0.15;

    /// <summary>λ: short spans have lengths from a Poisson distribution, at least 1.</summary>
    [Range(1e-6, 500)]
    public double MeanLength { get; init; } = 3;

    /// <summary>Weight of short spans among the three kinds.</summary>
    [Range(0.0, double.MaxValue)]
    public double ShortSpans { get; init; } = 0.5;

    /// <summary>Weight of document-level texts: a single span of 50 to 100% of the text's length.</summary>
    [Range(0.0, double.MaxValue)]
    public double Documents { get; init; } = 0.5;

    /// <summary>Weight of sentence-level texts: whole sentences are cut out until the rate is reached.</summary>
    [Range(0.0, double.MaxValue)]
    public double Sentences { get; init; }

    /// <summary>Tokens that end a sentence; needed where sentences have a weight.</summary>
    public ImmutableArray<int> SentenceEnds { get; init; } = [];
}

/// <summary>Spans are cut out and filled in again token by token, blanks in random order (GLM; Du et al. 2022, §2.1), short ones and long ones in one run (§2.1.1).</summary>
public static class BlankInfilling
{
    /// <param name="config">Spans and special ids.</param>
    /// <param name="loss">Null for plain cross-entropy.</param>
    public static Objective<IBlankInfillingLM, TokenBatch> Objective(BlankInfillingConfig config, CrossEntropyConfig? loss = null) => (model, batch, seed) =>
    {
        var blanks = Cut(batch, config, seed.For("blanks"));
        return CrossEntropy.OfHidden(model.Head, model.Encode(blanks.Inputs), blanks.Targets, loss);
    };

    /// <summary>Texts with blanks and what fills them, every row by a kind of spans of its own.</summary>
    /// <returns>What the model reads, and <c>[B, T]</c> what it predicts, <see cref="TokenBatch.Ignore"/> on part A and padding.</returns>
    /// <exception cref="UserError">No kind of spans has a weight, or sentences have one and nothing ends them.</exception>
    public static (BlankInputs Inputs, Tensor Targets) Cut(TokenBatch batch, BlankInfillingConfig config, Seed seed)
    {
        double[] kinds = [config.ShortSpans, config.Documents, config.Sentences];
        if (!(kinds.Sum() > 0) || (config.Sentences > 0 && config.SentenceEnds.IsDefaultOrEmpty))
        {
            throw new UserError(kinds.Sum() > 0 ? "nothing ends a sentence" : "no kind of spans has a weight", "blank infilling", "set sentence_ends, or a weight");
        }

        var rows = TokenTexts.Of(batch).Select((text, row) =>
        {
            var rng = seed.For("row", row).Random();
            var spans = text.Length < 2 ? [] : rng.Choose(kinds) switch
            {
                0 => BlankSpans.Short(text.Length, config.Rate, config.MeanLength, rng),
                1 => BlankSpans.Long(text.Length, rng),
                _ => BlankSpans.Sentences(text, config, rng),
            };
            return BlankRow.Of(text, spans, config, rng);
        }).ToList();
        return BlankRow.Collate(rows, batch.Ids.device);
    }
}
