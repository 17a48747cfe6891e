using System.ComponentModel.DataAnnotations;
using Heirloom.Data;
using Heirloom.Encoding;
using Heirloom.Evaluation.Metrics;
using Heirloom.Models;
using Heirloom.Objectives;

namespace Heirloom.Cli.Recipes.Text;

/// <summary>What a text model is trained to do: <c>kind: causal_lm | masked_lm | span_corruption | targets</c>.</summary>
public abstract record TextObjectiveConfig : Kinded
{
    /// <summary>Checks that model and tokenizer serve it, and binds them.</summary>
    /// <exception cref="UserError">The model lacks the capability or the tokenizer a token.</exception>
    internal abstract TextObjective For(IModel model, Tokenizer tokenizer);

    private protected static TModel Require<TModel>(IModel model, string what)
        where TModel : class => model as TModel
        ?? throw new UserError($"a {model.GetType().Name} is no {what}", "objective", "choose an objective that fits the model");
}

/// <summary>An objective bound to a model.</summary>
/// <param name="Train">What to minimize.</param>
/// <param name="Score">Held-out losses, row by row.</param>
internal sealed record TextObjective(Objective<IModel, TokenBatch> Train, Func<IBatches<TokenBatch>, WorkContext, TokenLosses> Score);

/// <summary>Predict the next token.</summary>
[Kind("causal_lm")]
public sealed record CausalObjective : TextObjectiveConfig
{
    internal override TextObjective For(IModel model, Tokenizer tokenizer)
    {
        var language = Require<ICausalLM>(model, "causal language model");
        var objective = CausalLM.Objective();
        return new((m, batch, seed) => objective((ILanguageModel)m, batch, seed), (batches, work) => TokenLosses.Of(language, batches, work));
    }
}

/// <summary>Predict hidden tokens from both sides; scores are taken on one fixed hiding.</summary>
[Kind("masked_lm")]
public sealed record MaskedObjective : TextObjectiveConfig
{
    /// <summary>Share of the tokens to predict.</summary>
    [Range(0.0, 1.0, MinimumIsExclusive = true)]
    public double Rate { get; init; } = 0.15;

    public MaskingPattern Pattern { get; init; } = new TokenMasking();

    internal override TextObjective For(IModel model, Tokenizer tokenizer)
    {
        var language = Require<IMaskedLM>(model, "masked language model");
        var config = Masking(tokenizer, Rate, Pattern);
        var objective = MaskedLM.Objective(config, tokenizer.WordStarts);
        var masking = new Objectives.Masking(config, tokenizer.WordStarts);
        return new((m, batch, seed) => objective((IMaskedLM)m, batch, seed), (batches, work) => TokenLosses.Of(language, new Hidden(batches, masking), work));
    }

    /// <summary>What is hidden of texts under a tokenizer.</summary>
    /// <exception cref="UserError">The tokenizer has no mask.</exception>
    internal static MaskingConfig Masking(Tokenizer tokenizer, double rate, MaskingPattern pattern) => new()
    {
        MaskToken = tokenizer.Mask ?? throw new UserError("the tokenizer has no mask token", "tokenizer", "add mask: \"[MASK]\" to it"),
        VocabularySize = tokenizer.VocabularySize,
        SpecialTokens = [.. Enumerable.Range(0, tokenizer.VocabularySize).Where(tokenizer.IsSpecial)],
        Rate = rate,
        Pattern = pattern,
    };

    private sealed class Hidden(IBatches<TokenBatch> inner, Masking masking) : IBatches<TokenBatch>
    {
        public string Fingerprint => $"{inner.Fingerprint}/hidden";

        public long? StepsPerEpoch => inner.StepsPerEpoch;

        public TokenBatch At(long step) => masking.Apply(inner.At(step), new Seed(0).For("hidden", step));
    }
}

/// <summary>Restore spans that were cut out; sentinels take the ids from the end of the model's vocabulary down.</summary>
[Kind("span_corruption")]
public sealed record SpanObjective : TextObjectiveConfig
{
    [Range(0.0, 1.0, MinimumIsExclusive = true)]
    public double NoiseDensity { get; init; } = 0.15;

    [Range(1.0, 1e6)]
    public double MeanSpanLength { get; init; } = 3;

    [Range(1, 10_000)]
    public int Sentinels { get; init; } = 32;

    internal override TextObjective For(IModel model, Tokenizer tokenizer)
    {
        var language = Require<ISequenceToSequenceLM>(model, "sequence-to-sequence model");
        if (language.VocabularySize < tokenizer.VocabularySize + Sentinels)
        {
            throw new UserError($"{tokenizer.VocabularySize} tokens and {Sentinels} sentinels do not fit the model's vocabulary of {language.VocabularySize}", "model.vocabulary_size", $"at least {tokenizer.VocabularySize + Sentinels}");
        }

        var end = tokenizer.EndOfText ?? throw new UserError("the tokenizer has no end-of-text token", "tokenizer", "span corruption ends its rows with one");
        var config = new SpanCorruptionConfig
        {
            NoiseDensity = NoiseDensity,
            MeanSpanLength = MeanSpanLength,
            FirstSentinel = language.VocabularySize - 1,
            Sentinels = Sentinels,
            EndToken = end,
            PadToken = tokenizer.Padding ?? end,
        };
        var objective = SpanCorruption.Objective(config);
        return new((m, batch, seed) => objective((ISequenceToSequenceLM)m, batch, seed), (batches, work) => Score(language, batches, config, work));
    }

    private static TokenLosses Score(ISequenceToSequenceLM model, IBatches<TokenBatch> batches, SpanCorruptionConfig config, WorkContext work)
    {
        using var quiet = TorchSharp.torch.no_grad();
        var (sums, counts) = (new List<double>(), new List<long>());
        var training = model.Module.training;
        model.Module.eval();
        for (var step = 0L; step < batches.StepsPerEpoch; step++)
        {
            work.Stop.ThrowIfCancellationRequested();
            using var scope = TorchSharp.torch.NewDisposeScope();
            var batch = batches.At(step);
            for (var row = 0; row < batch.Count; row++)
            {
                var one = new TokenBatch(batch.Ids.narrow(0, row, 1), Mask: batch.Mask?.narrow(0, row, 1)).To(work.Device);
                var pair = SpanCorruption.Corrupt(one, config, new Seed(0).For("corruption", (step * batch.Count) + row));
                var tokens = pair.Target.ne(TokenBatch.Ignore).sum().item<long>();
                sums.Add(SequenceToSequence.Loss(model, pair).Total.item<float>() * (double)tokens);
                counts.Add(tokens);
            }
        }

        model.Module.train(training);
        return new(sums, counts);
    }
}
