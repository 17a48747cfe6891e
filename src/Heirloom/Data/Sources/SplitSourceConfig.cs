namespace Heirloom.Data.Sources;

/// <summary>One part of a source, divided by content.</summary>
[Kind("split")]
public sealed record SplitSourceConfig : SourceConfig, IExample<SplitSourceConfig>
{
    public required SourceConfig Source { get; init; }

    public required SplitPart Part { get; init; }

    public DocumentSplit Fractions { get; init; } = new();

    public static SplitSourceConfig Example => new() { Source = TextSourceConfig.Example, Part = SplitPart.Train };

    public override IDocumentSource Open(WorkContext work)
    {
        _ = Fractions.PartOf("");
        return Fractions.Take(Source.Open(work), Part);
    }
}
