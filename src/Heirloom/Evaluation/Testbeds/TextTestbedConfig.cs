using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using Heirloom.Data;
using Heirloom.Data.Sources;
using Heirloom.Encoding;

namespace Heirloom.Evaluation.Testbeds;

/// <summary>A named body of text.</summary>
public sealed record TextDomainConfig : IExample<TextDomainConfig>
{
    public static TextDomainConfig Example => new() { Name = "old", Source = TextSourceConfig.Example };

    /// <summary>How studies refer to it.</summary>
    public required string Name { get; init; }

    public required SourceConfig Source { get; init; }
}

/// <summary>Bodies of text under one tokenizer, each split by content into training, validation and test documents.</summary>
public sealed record TextTestbedConfig : IExample<TextTestbedConfig>
{
    public static TextTestbedConfig Example => new() { Domains = [TextDomainConfig.Example] };

    public required ImmutableArray<TextDomainConfig> Domains { get; init; }

    /// <summary>The tokenizer is learned from the training documents of these domains; of all when empty.</summary>
    public ImmutableArray<string> TokenizerFrom { get; init; } = [];

    public BpeTrainingConfig Tokenizer { get; init; } = new() { VocabularySize = 2048, Padding = "<|padding|>", Mask = "<|mask|>" };

    public DocumentSplit Split { get; init; } = new() { Validation = 0.1, Test = 0.1 };

    /// <summary>Tokens a row.</summary>
    [Range(2, 1 << 20)]
    public int ContextLength { get; init; } = 128;

    /// <summary>Rows of held-out text that are scored at most, so that measuring does not cost more than training.</summary>
    [Range(1, int.MaxValue)]
    public int MaxHeldOutRows { get; init; } = 256;
}
