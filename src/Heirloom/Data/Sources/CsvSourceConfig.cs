using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;

namespace Heirloom.Data.Sources;

/// <summary>CSV and its relatives, with a header line; one document a row, the other columns are its fields. <c>.gz</c> accepted.</summary>
[Kind("csv")]
public sealed record CsvSourceConfig : SourceConfig, IExample<CsvSourceConfig>
{
    public required string Path { get; init; }

    /// <summary>The column of the text.</summary>
    public string Text { get; init; } = "text";

    /// <summary>The column that names the document; file and row where null.</summary>
    public string? Id { get; init; }

    /// <summary>A column that is kept as the field <c>label</c> under whatever name it has; null when there is none.</summary>
    public string? Label { get; init; }

    /// <summary>The other columns to keep; all where empty.</summary>
    public ImmutableArray<string> Fields { get; init; } = [];

    /// <summary>One character, or <c>\t</c>.</summary>
    [StringLength(4, MinimumLength = 1)]
    public string Delimiter { get; init; } = ",";

    public Charset Encoding { get; init; } = Charset.Utf8;

    /// <summary>A longer document is refused by row. A row is at most 16 MB in any case.</summary>
    [Range(1, 1 << 30)]
    public int MaxCharacters { get; init; } = DocumentLimits.MaxCharacters;

    public static CsvSourceConfig Example => new() { Path = "corpus.csv" };

    public override IDocumentSource Open(WorkContext work)
    {
        var file = SourceFiles.Require(Path);
        var delimiter = Delimiter == "\\t" ? "\t" : Delimiter;
        var table = $"read_csv({DuckDbReader.Literal(file)}, delim = {DuckDbReader.Literal(delimiter)}, quote = '\"', escape = '\"', header = true, all_varchar = true, auto_detect = true, max_line_size = {16 << 20}, encoding = '{(Encoding == Charset.Utf8 ? "utf-8" : "latin-1")}')";
        var fields = Fields.IsDefaultOrEmpty ? null : Fields.Concat(Label is null ? [] : [Label]).ToList();
        var reader = new DuckDbReader(table, file, Text, Id, fields, MaxCharacters);
        return new DocumentStream(
            Path,
            () => Hashes.OfText($"csv {Text} {Id} {Label} {delimiter} {Encoding} {string.Join('|', fields ?? [])} {Hashes.OfFile(file, work.Places)}"),
            () => Read(file, reader)).Checked();
    }

    private IEnumerable<Document> Read(string file, DuckDbReader reader)
    {
        using var rows = reader.Read().GetEnumerator();
        while (true)
        {
            bool more;
            try
            {
                more = rows.MoveNext();
            }
            catch (UserError)
            {
                // of all that can be wrong with a CSV, a wrong encoding is the commonest, and DuckDB does not say where
                RequireText(file);
                throw;
            }

            if (!more)
            {
                yield break;
            }

            yield return Label is null || Label == "label" ? rows.Current : WithLabel(rows.Current);
        }
    }

    private Document WithLabel(Document document) => document.Fields.TryGetValue(Label!, out var label)
        ? document with { Fields = new Dictionary<string, string>(document.Fields) { ["label"] = label } }
        : document;

    private void RequireText(string file)
    {
        using var text = new StrictText(SourceFiles.Open(file), file, Encoding);
        text.Skip();
    }
}
