using System.ComponentModel.DataAnnotations;

namespace Heirloom.Cli.Verbs.Quickstart;

/// <summary>Sizes of the quickstart: five minutes on two cores as they stand; <c>--set name=value</c> changes any.</summary>
public sealed record QuickstartSettings
{
    public ulong Seed { get; init; } = 1;

    [Range(300, 1 << 20)]
    public int Vocabulary { get; init; } = 4096;

    [Range(16, 8192)]
    public int Width { get; init; } = 128;

    [Range(1, 100)]
    public int Layers { get; init; } = 4;

    /// <summary>Tokens a row.</summary>
    [Range(8, 8192)]
    public int Context { get; init; } = 128;

    /// <summary>Rows a step.</summary>
    [Range(1, 4096)]
    public int Rows { get; init; } = 16;

    [Range(1, int.MaxValue)]
    public int PretrainSteps { get; init; } = 450;

    /// <summary>Steps of each continuation, and of the model from scratch.</summary>
    [Range(1, int.MaxValue)]
    public int ContinueSteps { get; init; } = 200;

    /// <summary>Share of old rows in the continuation with replay.</summary>
    [Range(0.01, 0.99)]
    public double Replay { get; init; } = 0.25;

    [Range(1e-6, 1)]
    public double LearningRate { get; init; } = 3e-3;

    /// <summary>Steps of each fine-tuning.</summary>
    [Range(1, int.MaxValue)]
    public int TuneSteps { get; init; } = 60;

    [Range(1e-6, 1)]
    public double TuneLearningRate { get; init; } = 1e-3;

    /// <summary>Labelled texts to fine-tune on.</summary>
    [Range(2, int.MaxValue)]
    public int TuneExamples { get; init; } = 600;

    /// <summary>Held-out labelled texts to score.</summary>
    [Range(2, int.MaxValue)]
    public int ScoredExamples { get; init; } = 1500;

    /// <summary>Held-out rows to score of each text.</summary>
    [Range(2, int.MaxValue)]
    public int ScoredRows { get; init; } = 160;

    /// <summary>Fine-tunings of each start.</summary>
    [Range(1, 100)]
    public int Seeds { get; init; } = 3;
}
