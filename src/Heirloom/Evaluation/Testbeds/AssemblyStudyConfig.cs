using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using Heirloom.Data;
using Heirloom.Encoding;
using Heirloom.Training;

namespace Heirloom.Evaluation.Testbeds;

/// <summary>Text and budgets of a study that trains assembled models of every modality; see <see cref="AssemblyStudy"/>.</summary>
public sealed record AssemblyStudyConfig : IExample<AssemblyStudyConfig>
{
    public static AssemblyStudyConfig Example => new() { Text = TextTasksConfig.Example, Training = TrainingConfig.Example, FineTuning = FineTuningConfig.Example };

    /// <summary>A tokenizer with a mask, marks of texts' begin and end, and sentinels.</summary>
    public static BpeTrainingConfig Tokenizer(int vocabulary) => new()
    {
        VocabularySize = vocabulary, BeginningOfText = "<s>", EndOfText = "</s>", Padding = "<pad>", Mask = "<mask>", SpecialTokens = Sentinels.Names(16),
    };

    /// <summary>General text, and tasks for fine-tuning.</summary>
    public required TextTasksConfig Text { get; init; }

    /// <summary>What is held out of the general text.</summary>
    public DocumentSplit Split { get; init; } = new() { Validation = 0.1, Test = 0.1 };

    /// <summary>Share of the general documents that models read.</summary>
    [Range(0.001, 1.0)]
    public double TextShare { get; init; } = 1;

    /// <summary>Most images of a class for training; half as many are held out.</summary>
    [Range(2, int.MaxValue)]
    public int ImagesPerClass { get; init; } = 100;

    /// <summary>Tokens a row.</summary>
    [Range(8, 1 << 16)]
    public int ContextLength { get; init; } = 64;

    /// <summary>Rows a step.</summary>
    [Range(1, 1 << 16)]
    public int Rows { get; init; } = 16;

    /// <summary>Rows that are scored at most.</summary>
    [Range(1, int.MaxValue)]
    public int HeldOutRows { get; init; } = 128;

    public required TrainingConfig Training { get; init; }

    /// <summary>Of tasks.</summary>
    public required FineTuningConfig FineTuning { get; init; }

    /// <summary>Peak learning rates of fine-tuning, of which every model takes the one that is best on a quarter of the task's own texts.</summary>
    public ImmutableArray<double> FineTuningRates { get; init; } = [1e-3, 4e-3];

    /// <summary>Labelled texts of a task.</summary>
    [Range(8, int.MaxValue)]
    public int Labels { get; init; } = 400;
}
