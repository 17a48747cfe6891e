namespace Heirloom.Data.Sources;

/// <summary>The source that a file's name asks for.</summary>
public static class FileSources
{
    /// <summary>JSON lines and Parquet by their endings, anything else as text in blocks.</summary>
    /// <param name="file">A path or a pattern.</param>
    public static SourceConfig Of(string file) => Path.GetExtension(file.EndsWith(".gz", StringComparison.Ordinal) ? file[..^3] : file) switch
    {
        ".jsonl" or ".ndjson" => new JsonlSourceConfig { Path = file },
        ".parquet" => new ParquetSourceConfig { Path = file },
        _ => new TextSourceConfig { Path = file, Split = TextSplit.Blocks },
    };
}
