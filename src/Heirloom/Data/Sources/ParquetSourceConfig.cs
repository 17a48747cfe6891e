using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;

namespace Heirloom.Data.Sources;

/// <summary>Parquet files; one document a row. Only the columns that are asked for are read.</summary>
[Kind("parquet")]
public sealed record ParquetSourceConfig : SourceConfig, IExample<ParquetSourceConfig>
{
    /// <summary>A file, a pattern of <c>*</c>, <c>?</c> and <c>**</c>, or files of a data set on the hub (<c>hf:org/name@revision:folder/*.parquet</c>).</summary>
    public required string Path { get; init; }

    /// <summary>The column of the text.</summary>
    public string Text { get; init; } = "text";

    /// <summary>The column that names the document; file and row where null.</summary>
    public string? Id { get; init; }

    /// <summary>The other columns to keep as fields; none where empty.</summary>
    public ImmutableArray<string> Fields { get; init; } = [];

    /// <summary>A longer document is refused by row.</summary>
    [Range(1, 1 << 30)]
    public int MaxCharacters { get; init; } = DocumentLimits.MaxCharacters;

    public static ParquetSourceConfig Example => new() { Path = "corpus.parquet" };

    public override IDocumentSource Open(WorkContext work)
    {
        var files = SourceFiles.Find(Path, work);
        var fields = Fields.IsDefault ? [] : Fields;
        return new DocumentStream(
            Path,
            () => Hashes.OfText($"parquet {Text} {Id} {string.Join('|', fields)} {Hashes.OfFiles(files, work.Places)}"),
            () => files.SelectMany(f => new DuckDbReader($"read_parquet({DuckDbReader.Literal(f)}, binary_as_string = true)", f, Text, Id, fields, MaxCharacters).Read())).Checked();
    }
}
