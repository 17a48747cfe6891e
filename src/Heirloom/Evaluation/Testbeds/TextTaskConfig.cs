using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using Heirloom.Data;
using Heirloom.Data.Sources;
using Heirloom.Encoding;

namespace Heirloom.Evaluation.Testbeds;

/// <summary>A labelled body of text.</summary>
public sealed record TextTaskConfig : IExample<TextTaskConfig>
{
    public static TextTaskConfig Example => new() { Name = "reviews", Source = TextSourceConfig.Example };

    /// <summary>How studies refer to it.</summary>
    public required string Name { get; init; }

    public required SourceConfig Source { get; init; }

    /// <summary>The documents' field that holds the class.</summary>
    public string Field { get; init; } = "label";
}

/// <summary>General text that a model is first pretrained on, and labelled tasks under the same tokenizer, which is learned from the general text alone.</summary>
public sealed record TextTasksConfig : IExample<TextTasksConfig>
{
    public static TextTasksConfig Example => new() { General = TextSourceConfig.Example, Tasks = [TextTaskConfig.Example] };

    public required SourceConfig General { get; init; }

    public required ImmutableArray<TextTaskConfig> Tasks { get; init; }

    public BpeTrainingConfig Tokenizer { get; init; } = new() { VocabularySize = 2048, Padding = "<|padding|>", Mask = "<|mask|>" };

    /// <summary>What is held out of every task, by content, so that copies of a text never lie on both sides.</summary>
    public DocumentSplit Split { get; init; } = new() { Validation = 0, Test = 0.2 };

    /// <summary>Held-out texts of a task that are scored at most, always the same ones.</summary>
    [Range(1, int.MaxValue)]
    public int MaxTestExamples { get; init; } = 1000;

    /// <summary>Longer texts lose their end, so that a few long ones do not make up the whole of a domain.</summary>
    [Range(1, int.MaxValue)]
    public int MaxCharacters { get; init; } = 8000;
}
