using System.ComponentModel.DataAnnotations;
using Heirloom.Models.Text;
using Heirloom.Training.Optimizers;

namespace Heirloom.Evaluation.Testbeds;

/// <summary>A small Llama-type decoder, and the batch and optimizer that a study trains it with on a <see cref="TextTestbed"/>.</summary>
public sealed record StudyDecoderConfig : IExample<StudyDecoderConfig>
{
    public static StudyDecoderConfig Example => new();

    /// <summary>A multiple of <see cref="HeadWidth"/>.</summary>
    [Range(2, 8192)]
    public int Width { get; init; } = 96;

    [Range(1, 1000)]
    public int Layers { get; init; } = 3;

    /// <summary>Even, as its positions are rotary.</summary>
    [Range(2, 1024)]
    public int HeadWidth { get; init; } = 32;

    /// <summary>Rows a step.</summary>
    [Range(1, 4096)]
    public int Rows { get; init; } = 16;

    public AdamWConfig Optimizer { get; init; } = new() { LearningRate = 3e-3 };

    /// <summary>The architecture for a testbed's vocabulary and context.</summary>
    /// <exception cref="UserError">The width is no multiple of the heads'.</exception>
    public DecoderConfig On(TextTestbed text) => Width % HeadWidth == 0
        ? DecoderConfig.Llama(text.Tokenizer.VocabularySize, text.ContextLength, Width, Layers, Width / HeadWidth)
        : throw new UserError($"a width of {Width} does not divide into heads of {HeadWidth}", "width", "make it a multiple of head_width");
}
