using System.CommandLine;
using Heirloom.Data;
using Heirloom.Data.Sources;

namespace Heirloom.Cli.Verbs.Tokenizers;

/// <summary>Texts of files from which a tokenizer learns, read once and a piece at a time, so that they may be larger than memory.</summary>
internal static class CorpusFiles
{
    public static Argument<string[]> Files(ArgumentArity arity) => new("files") { Description = "text files or patterns (corpus/**/*.txt), .jsonl with a field 'text', .parquet", Arity = arity };

    /// <exception cref="UserError">A file is missing or no text.</exception>
    public static IEnumerable<string> Read(IReadOnlyList<string> patterns, WorkContext work)
    {
        var sources = Open(patterns, work); // all are found before any is read
        return sources.SelectMany(s => s.Read()).Select(d => d.Text);
    }

    /// <exception cref="UserError">A file is missing or no text.</exception>
    public static IReadOnlyList<IDocumentSource> Open(IReadOnlyList<string> patterns, WorkContext work) => [.. patterns.Select(p => FileSources.Of(p).Open(work))];
}
