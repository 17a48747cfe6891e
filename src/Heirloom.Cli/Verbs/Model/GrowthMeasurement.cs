using System.Collections.Immutable;
using Heirloom.Evaluation.Compute;
using Heirloom.Models;
using Heirloom.Models.Vision;
using Heirloom.Objectives;
using Heirloom.Reuse.Growing;
using static TorchSharp.torch;

namespace Heirloom.Cli.Verbs.Model;

/// <summary>What a growth did, measured on both models.</summary>
internal sealed record GrowthMeasurement
{
    /// <summary>Text is compared in rows of at most so many tokens.</summary>
    public const int LongestRow = 256;

    /// <summary>Why the grown model does not compute the same; null where its method promises that it does.</summary>
    public required string? Why { get; init; }

    public bool Promised => Why is null;

    public required OutputChange Random { get; init; }

    /// <summary>On the person's text; null without any.</summary>
    public OutputChange? Real { get; init; }

    /// <summary>The larger of both.</summary>
    public OutputChange Change => Real is null ? Random : Random.And(Real);

    /// <summary>Nats a token, before and after; null without text or for a model that does not predict the next token.</summary>
    public (double Before, double After)? Loss { get; init; }

    public required (long Before, long After) Parameters { get; init; }

    /// <summary>Of training, for a token (a patch) in a full context.</summary>
    public required (double Before, double After) Flops { get; init; }

    /// <summary>Tokens (patches) in that context.</summary>
    public required int Context { get; init; }

    public static GrowthMeasurement Of(IModel small, IModel grown, GrowthPlan plan, RealText? text, WorkContext work)
    {
        var context = small switch { ITokenEncoder tokens => tokens.ContextLength, VisionTransformer { Config: VisionTransformerConfig vision } => (int)vision.Patches(), _ => LongestRow };
        (OutputChange? Change, (double, double)? Loss) real = text is null ? default : OnText(small, grown, text, context, work);
        return new()
        {
            Why = plan.Method.Changes(new(small), plan.To),
            Random = OutputChange.OnRandom(small, grown, new Seed(plan.Seed).For("inputs")),
            Real = real.Change,
            Loss = real.Loss,
            Parameters = (Count(small), Count(grown)),
            Flops = (TrainingFlops.PerToken(small, context), TrainingFlops.PerToken(grown, context)),
            Context = context,
        };
    }

    /// <summary>For the lineage.</summary>
    public ImmutableSortedDictionary<string, double> Scores()
    {
        var scores = ImmutableSortedDictionary.CreateBuilder<string, double>();
        scores["largest change of an output"] = Change.Largest;
        if (Loss is { } loss)
        {
            (scores["loss before growing"], scores["loss"]) = loss;
        }

        return scores.ToImmutable();
    }

    private static (OutputChange?, (double, double)?) OnText(IModel small, IModel grown, RealText text, int context, WorkContext work)
    {
        using var quiet = no_grad();
        OutputChange? change = null;
        var (before, after, rows) = (0.0, 0.0, 0L);
        var loss = CausalLM.Objective();
        foreach (var cpu in text.Batches(Math.Min(context, LongestRow)))
        {
            work.Stop.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            var batch = cpu.To(work.Device);
            var here = OutputChange.On(small, grown, new(batch.Ids));
            change = change?.And(here) ?? here;
            if (small is ICausalLM and ILanguageModel first && grown is ILanguageModel second)
            {
                before += batch.Count * loss(first, batch, new(0)).Total.item<float>();
                after += batch.Count * loss(second, batch, new(0)).Total.item<float>();
                rows += batch.Count;
            }
        }

        return (change, rows > 0 ? (before / rows, after / rows) : null);
    }

    private static long Count(IModel model) => model.Module.parameters().Sum(p => p.numel());
}
