using System.ComponentModel.DataAnnotations;
using Heirloom.Data;
using Heirloom.Encoding;
using Heirloom.Evaluation.Metrics;
using Heirloom.Models;
using Heirloom.Models.Parts;
using Heirloom.Objectives;
using Heirloom.Objectives.Targets;
using TorchSharp;

namespace Heirloom.Cli.Recipes.Text;

/// <summary>All targets of an assembled model; scores are taken on one fixed hiding.</summary>
[Kind("targets")]
public sealed record TargetsObjective : TextObjectiveConfig
{
    /// <summary>Share of the tokens that <c>masked_lm</c> predicts.</summary>
    [Range(0.0, 1.0, MinimumIsExclusive = true)]
    public double Rate { get; init; } = 0.15;

    public MaskingPattern Pattern { get; init; } = new TokenMasking();

    internal override TextObjective For(IModel model, Tokenizer tokenizer)
    {
        var text = Require<AssembledText>(model, "assembled model that reads text");
        if (text.Targets.FirstOrDefault(t => t is SentencePairTarget or ClassificationTarget) is { } target)
        {
            throw new UserError($"rows of packed documents have no labels for {target.Kind}", "model.targets", "leave it to fine_tune");
        }

        var masked = text.Find<MaskedLMTarget>() is not null;
        var objective = TextTargets.Objective(masked ? MaskedObjective.Masking(tokenizer, Rate, Pattern) : null, masked ? tokenizer.WordStarts : null);
        return new((m, batch, seed) => objective((AssembledText)m, batch, seed), (batches, work) => Score(text, batches, objective, work));
    }

    private static TokenLosses Score(AssembledText model, IBatches<TokenBatch> batches, Objective<AssembledText, TokenBatch> objective, WorkContext work)
    {
        using var quiet = torch.no_grad();
        var (sums, counts) = (new List<double>(), new List<long>());
        var training = model.training;
        model.eval();
        for (var step = 0L; step < batches.StepsPerEpoch; step++)
        {
            work.Stop.ThrowIfCancellationRequested();
            using var scope = torch.NewDisposeScope();
            var batch = batches.At(step);
            for (var row = 0; row < batch.Count; row++)
            {
                var one = new TokenBatch(batch.Ids.narrow(0, row, 1), batch.Targets?.narrow(0, row, 1), batch.Segments?.narrow(0, row, 1), batch.Mask?.narrow(0, row, 1)).To(work.Device);
                var loss = objective(model, one, new Seed(0).For("row", (step * batch.Count) + row));
                if (loss.Terms?.item<long>() is var terms and not 0)
                {
                    sums.Add(loss.Total.item<float>() * (double)(terms ?? 1));
                    counts.Add(terms ?? 1);
                }
            }
        }

        model.train(training);
        return sums.Count > 0 ? new(sums, counts) : throw new UserError("the held-out text holds no token to predict", mend: "give it more text");
    }
}
