namespace Heirloom.Data.Sources;

/// <summary>A source from a name, a fingerprint and a way to read; refuses to be empty.</summary>
/// <param name="name">What to call it in messages and lineage.</param>
/// <param name="fingerprint">Computed when first asked for: hashing a large file takes a while.</param>
/// <param name="read">Streams the documents from the start, every time it is called.</param>
public sealed class DocumentStream(string name, Func<string> fingerprint, Func<IEnumerable<Document>> read) : IDocumentSource
{
    private readonly Lazy<string> _fingerprint = new(fingerprint);

    public string Name => name;

    public string Fingerprint => _fingerprint.Value;

    /// <exception cref="UserError">No document has any text.</exception>
    public IEnumerable<Document> Read()
    {
        var any = false;
        foreach (var document in read())
        {
            any |= !string.IsNullOrWhiteSpace(document.Text);
            yield return document;
        }

        if (!any)
        {
            throw new UserError("the corpus is empty", name, "name a source that holds text");
        }
    }

    /// <summary>Reads as far as the first text, so that what is wrong with a source is said before any work starts.</summary>
    internal DocumentStream Checked()
    {
        _ = Read().Any(d => !string.IsNullOrWhiteSpace(d.Text));
        return this;
    }
}
