using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using Heirloom.Data;
using Heirloom.Data.Sources;

namespace Heirloom.Evaluation.Testbeds;

/// <summary>A way to ask for a text's class in words (Sanh et al. 2022, §3).</summary>
public sealed record PromptConfig : IExample<PromptConfig>
{
    public static PromptConfig Example => new() { Text = "{text} It was", Answers = [" good", " bad"] };

    /// <summary>The prompt, in which <c>{text}</c> stands for the text; long texts lose their end, never the prompt's words.</summary>
    public required string Text { get; init; }

    /// <summary>What is answered for each class, in ordinal order of the classes' names.</summary>
    public required ImmutableArray<string> Answers { get; init; }
}

/// <summary>A labelled body of text with prompts that turn it into questions.</summary>
public sealed record PromptedTaskConfig : IExample<PromptedTaskConfig>
{
    public static PromptedTaskConfig Example => new() { Name = "reviews", Source = TextSourceConfig.Example, Prompts = [PromptConfig.Example] };

    /// <summary>How studies refer to it.</summary>
    public required string Name { get; init; }

    public required SourceConfig Source { get; init; }

    /// <summary>The documents' field that holds the class.</summary>
    public string Field { get; init; } = "label";

    public required ImmutableArray<PromptConfig> Prompts { get; init; }

    /// <summary>What is held out, by content.</summary>
    public DocumentSplit Split { get; init; } = new() { Validation = 0, Test = 0.3 };

    /// <summary>Texts of each class that are used at most, to train and to score; all classes have as many, so that chance is one over their number.</summary>
    [Range(1, int.MaxValue)]
    public int MaxPerClass { get; init; } = 200;
}
