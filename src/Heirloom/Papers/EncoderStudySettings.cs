using System.ComponentModel.DataAnnotations;
using Heirloom.Evaluation.Testbeds;

namespace Heirloom.Papers;

/// <summary>Sizes of a study that pretrains a small encoder on general text and fine-tunes it on tasks (see <see cref="EncoderStudy"/>).</summary>
public abstract record EncoderStudySettings : PaperSettings
{
    /// <summary>General text to pretrain on, and labelled tasks.</summary>
    public required TextTasksConfig Data { get; init; }

    /// <summary>Of the encoder, a multiple of its four heads.</summary>
    [Range(4, 1 << 16)]
    public int Width { get; init; } = 64;

    [Range(1, 1000)]
    public int Layers { get; init; } = 2;

    /// <summary>Tokens a row; texts are cut to it when they are classified.</summary>
    [Range(2, 1 << 16)]
    public int ContextLength { get; init; } = 64;

    public required FineTuningConfig FineTuning { get; init; }
}
