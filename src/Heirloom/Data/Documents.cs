namespace Heirloom.Data;

/// <summary>One piece of text with what is known about it (<c>year</c>, <c>genre</c>, <c>label</c>, …).</summary>
public sealed record Document(string Id, string Text)
{
    public IReadOnlyDictionary<string, string> Fields { get; init; } = new Dictionary<string, string>();
}

/// <summary>A source of documents that can be read again and again in the same order.</summary>
public interface IDocumentSource
{
    string Name { get; }

    /// <summary>A hash of the content (or of files' names, sizes and hashes) that goes into lineage.</summary>
    string Fingerprint { get; }

    /// <summary>Streams the documents; never holds more than one of them.</summary>
    IEnumerable<Document> Read();
}

/// <summary>How a recipe names a source: <c>kind: text | jsonl | csv | parquet | folder | dataset | world …</c>.</summary>
public abstract record SourceConfig : Kinded
{
    /// <summary>Checks that the source exists and is readable, and opens it; downloads where it names a known set.</summary>
    public abstract IDocumentSource Open(WorkContext work);
}
