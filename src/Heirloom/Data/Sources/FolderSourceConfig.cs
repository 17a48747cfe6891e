using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;

namespace Heirloom.Data.Sources;

/// <summary>
/// Every text file below a folder, one document each, in ordinal order of the paths. Fields: <c>path</c> (relative) and <c>folder</c>
/// (the first level, which is the label in sets that are laid out one folder a class).
/// </summary>
[Kind("folder")]
public sealed record FolderSourceConfig : SourceConfig, IExample<FolderSourceConfig>
{
    public required string Path { get; init; }

    /// <summary>Endings of the files to take, with or without the dot; empty takes all.</summary>
    public ImmutableArray<string> Extensions { get; init; } = [".txt"];

    public Charset Encoding { get; init; } = Charset.Utf8;

    /// <summary>A longer document is refused by name.</summary>
    [Range(1, 1 << 30)]
    public int MaxCharacters { get; init; } = DocumentLimits.MaxCharacters;

    public static FolderSourceConfig Example => new() { Path = "corpus" };

    public override IDocumentSource Open(WorkContext work)
    {
        var folder = SourceFiles.RequireFolder(Path);
        var files = SourceFiles.InFolder(folder).Where(Wanted).ToList();
        if (files.Count == 0)
        {
            throw new UserError($"no file ends in {string.Join(" or ", Extensions)}", folder, "set extensions");
        }

        return new DocumentStream(Path, () => Hashes.OfText($"folder {Encoding} {Hashes.OfFiles(files, work.Places)}"), () => files.Select(Read)).Checked();
    }

    private bool Wanted(string file) =>
        Extensions.IsDefaultOrEmpty || Extensions.Any(e => file.EndsWith(e.StartsWith('.') ? e : "." + e, StringComparison.OrdinalIgnoreCase));

    private Document Read(string file)
    {
        using var text = new StrictText(SourceFiles.Open(file), file, Encoding);
        var relative = System.IO.Path.GetRelativePath(Path, file).Replace('\\', '/');
        var slash = relative.IndexOf('/', StringComparison.Ordinal);
        return new(relative, text.ReadToEnd(MaxCharacters))
        {
            Fields = new Dictionary<string, string> { ["path"] = relative, ["folder"] = slash < 0 ? "" : relative[..slash] },
        };
    }
}
