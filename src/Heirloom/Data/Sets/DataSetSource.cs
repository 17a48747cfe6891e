namespace Heirloom.Data.Sets;

/// <summary>The documents of a named set, downloaded when the source is made and not when it is first read.</summary>
/// <param name="name">A set in the catalog.</param>
/// <param name="work">Where to cache and report.</param>
/// <param name="split">One of its splits, or null for all.</param>
/// <exception cref="UserError">There is no such set or split, or it cannot be fetched.</exception>
public sealed class DataSetSource(string name, WorkContext? work = null, string? split = null) : IDocumentSource
{
    private readonly IDocumentSource _text = new DataSetCatalog(work ?? new()).OpenText(name, split);

    public string Name => _text.Name;

    public string Fingerprint => _text.Fingerprint;

    public IEnumerable<Document> Read() => _text.Read();
}

/// <summary>A named public set (<c>kind: dataset, name: sotu</c>); <c>heirloom data list</c> shows them.</summary>
[Kind("dataset")]
public sealed record DataSetSourceConfig : SourceConfig, IExample<DataSetSourceConfig>
{
    public static DataSetSourceConfig Example => new() { Name = "sotu" };

    /// <summary>The set's name.</summary>
    public required string Name { get; init; }

    /// <summary>One of its splits ("train"); all of them where it is left out.</summary>
    public string? Split { get; init; }

    public override IDocumentSource Open(WorkContext work) => new DataSetSource(Name, work, Split);
}
