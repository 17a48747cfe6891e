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

    /// <summary>One of its splits ("train"), or all of them.</summary>
    public string? Split { get; init; }

    /// <summary>Keeps the documents whose fields have these values (<c>genre: religion</c>).</summary>
    public IReadOnlyDictionary<string, string>? Where { get; init; }

    public override IDocumentSource Open(WorkContext work)
    {
        var catalog = new DataSetCatalog(work);
        var source = catalog.OpenText(Name, Split);
        if (Where is not { Count: > 0 } where)
        {
            return source;
        }

        var fields = ((TextDataSet)catalog.Find(Name)).Fields;
        foreach (var field in where.Keys)
        {
            if (!fields.Contains(field))
            {
                throw new UserError($"documents of '{Name}' have no field '{field}'", null, UserError.Nearest(field, fields));
            }
        }

        return new Kept(source, where);
    }

    private sealed class Kept(IDocumentSource source, IReadOnlyDictionary<string, string> where) : IDocumentSource
    {
        private readonly string _condition = string.Join(",", where.OrderBy(w => w.Key, StringComparer.Ordinal).Select(w => $"{w.Key}={w.Value}"));

        public string Name => $"{source.Name}[{_condition}]";

        public string Fingerprint => $"{source.Fingerprint}[{_condition}]";

        public IEnumerable<Document> Read() => source.Read().Where(d => where.All(w => d.Fields.TryGetValue(w.Key, out var value) && value == w.Value));
    }
}
