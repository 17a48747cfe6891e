using System.ComponentModel.DataAnnotations;
using Heirloom.Models.Heads;
using Heirloom.Training;

namespace Heirloom.Evaluation.Testbeds;

/// <summary>How a pretrained encoder is trained on a task's labels.</summary>
public sealed record FineTuningConfig : IExample<FineTuningConfig>
{
    public static FineTuningConfig Example => new() { Training = TrainingConfig.Example, BatchSize = 2 };

    public required TrainingConfig Training { get; init; }

    /// <summary>Texts a batch.</summary>
    [Range(1, 1 << 20)]
    public required int BatchSize { get; init; }

    /// <summary>How a text's vectors become one.</summary>
    public Pooling Pooling { get; init; } = Pooling.Mean;

    /// <summary>Dropped share of the text's vector.</summary>
    [Range(0.0, 0.999)]
    public double Dropout { get; init; } = 0.1;
}
