using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using Heirloom.Data;
using Heirloom.Evaluation.Compute;
using Heirloom.Models.Text;
using Heirloom.Training.Optimizers;

namespace Heirloom.Evaluation.Testbeds;

/// <summary>
/// Budget of a study that compares ways to a good decoder by what they spend: every way gets the same operations, rows a step, learning rates to choose from, and a schedule
/// that does not know the end, so that a loss counts when it is reached.
/// </summary>
public sealed record ComputeStudyConfig : IExample<ComputeStudyConfig>
{
    public static ComputeStudyConfig Example => new();

    /// <summary>Rows a step.</summary>
    [Range(1, 4096)]
    public int Rows { get; init; } = 8;

    /// <summary>Learning rates that every way tries; validation text chooses.</summary>
    public ImmutableArray<double> Rates { get; init; } = [2e-3, 6e-3];

    public AdamWConfig Optimizer { get; init; } = new();

    /// <summary>Steps over which the rate rises at the beginning of each stage.</summary>
    [Range(0, 1_000_000)]
    public int WarmUp { get; init; } = 10;

    /// <summary>Steps between measurements of the validation loss.</summary>
    [Range(1, 1_000_000)]
    public int EvaluateEvery { get; init; } = 10;

    /// <summary>Operations of so many steps of a whole model.</summary>
    public double Flops(DecoderConfig model, TextDomain text, double steps)
    {
        using var built = model.Build(new Seed(0));
        return steps * Rows * text.ContextLength * TrainingFlops.PerToken(built, text.ContextLength);
    }

    /// <summary>Goes a way with every rate and keeps the model with the lowest validation loss; the others are disposed.</summary>
    /// <param name="text">What is read.</param>
    /// <param name="seed">Order of rows, and all else; the same for all rates.</param>
    /// <param name="work">Where to compute.</param>
    /// <param name="way">Makes a model, stage by stage.</param>
    public ComputedModel Train(TextDomain text, Seed seed, WorkContext work, Func<StagedTraining, Decoder> way) => Tuning.Best(
        Rates,
        rate =>
        {
            var stages = new StagedTraining(this, rate, text, seed, work);
            return new ComputedModel(way(stages), stages.Compute);
        },
        made => text.Losses(made.Decoder, work, SplitPart.Validation).Mean);
}
