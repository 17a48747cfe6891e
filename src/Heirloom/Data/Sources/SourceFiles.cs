using System.IO.Compression;
using System.Text.RegularExpressions;
using Heirloom.Core.Downloads;

namespace Heirloom.Data.Sources;

/// <summary>Finding and opening the files that a source names.</summary>
internal static partial class SourceFiles
{
    private const int ManyNames = 10;

    /// <summary>The files of a path, a glob or a name on the hub, which are fetched where they are not here yet.</summary>
    /// <exception cref="UserError">Nothing matches, or the hub does not give it.</exception>
    public static IReadOnlyList<string> Find(string pathOrName, WorkContext work)
    {
        if (!HubName.Is(pathOrName))
        {
            return Find(pathOrName);
        }

        var snapshot = new HubClient(work).Pull(HubName.Parse(pathOrName, HubKind.DataSet));
        return [.. snapshot.Files.Order(StringComparer.Ordinal).Select(f => Path.Combine(snapshot.Folder, f))];
    }

    /// <summary>The files of a path or a glob (<c>*</c>, <c>?</c>, <c>**</c>), in ordinal order.</summary>
    /// <exception cref="UserError">Nothing matches.</exception>
    public static IReadOnlyList<string> Find(string pathOrGlob)
    {
        if (string.IsNullOrWhiteSpace(pathOrGlob))
        {
            throw new UserError("the path is empty", "path", "name a file");
        }

        if (File.Exists(pathOrGlob) || pathOrGlob.IndexOfAny(['*', '?']) < 0)
        {
            return [Require(pathOrGlob)];
        }

        var segments = pathOrGlob.Replace('\\', '/').Split('/');
        var fixedPart = segments.TakeWhile(s => s.IndexOfAny(['*', '?']) < 0).ToArray();
        var folder = fixedPart.Length == 0 ? "." : fixedPart is [""] ? "/" : string.Join('/', fixedPart);
        RequireFolder(folder);
        var pattern = GlobPattern(string.Join('/', segments.Skip(fixedPart.Length)));
        var found = InFolder(folder).Where(f => pattern.IsMatch(Path.GetRelativePath(folder, f).Replace('\\', '/'))).ToList();
        return found.Count > 0 ? found : throw new UserError("no file matches", pathOrGlob, $"{folder} holds {Names(folder)}");
    }

    /// <summary>All files below a folder, in ordinal order of their relative paths; hidden files are left out.</summary>
    public static IReadOnlyList<string> InFolder(string folder)
    {
        var options = new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = false, AttributesToSkip = FileAttributes.Hidden };
        try
        {
            return [.. Directory.EnumerateFiles(folder, "*", options).Order(StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            throw new UserError($"cannot be read: {e.Message}", folder, "give yourself read permission or name another folder", e);
        }
    }

    public static string RequireFolder(string folder) => Directory.Exists(folder)
        ? folder
        : throw new UserError(File.Exists(folder) ? "is a file, not a folder" : "there is no such folder", folder, Hint(folder, Directory.EnumerateDirectories));

    public static string Require(string file) => File.Exists(file)
        ? file
        : throw new UserError(Directory.Exists(file) ? "is a folder, not a file" : "there is no such file", file, Hint(file, Directory.EnumerateFiles));

    /// <summary>Opens for one pass from front to back; unpacks <c>.gz</c>.</summary>
    public static Stream Open(string file)
    {
        try
        {
            var stream = new FileStream(file, new FileStreamOptions { Options = FileOptions.SequentialScan, BufferSize = 1 << 16 });
            return file.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(stream, CompressionMode.Decompress) : stream;
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            throw new UserError($"cannot be read: {e.Message}", file, "give yourself read permission or name another file", e);
        }
    }

    private static string Hint(string path, Func<string, IEnumerable<string>> list)
    {
        var parent = Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/";
        if (!Directory.Exists(parent))
        {
            return $"its folder {parent} does not exist either";
        }

        try
        {
            var names = list(parent).Select(f => Path.GetFileName(f)!).Where(n => !n.StartsWith('.')).Take(10_000).ToList();
            var nearest = UserError.Nearest(Path.GetFileName(path), names);
            return names.Count == 0 ? $"{parent} is empty"
                : names.Count > ManyNames && nearest.StartsWith("valid:", StringComparison.Ordinal) ? $"{parent} holds {Names(parent)}"
                : nearest;
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            return $"{parent} cannot be listed";
        }
    }

    private static string Names(string folder)
    {
        var names = Directory.EnumerateFileSystemEntries(folder).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal).Take(ManyNames + 1).ToList();
        return names.Count == 0 ? "nothing" : string.Join(", ", names.Take(ManyNames)) + (names.Count > ManyNames ? ", …" : "");
    }

    private static Regex GlobPattern(string glob) => new(
        "^" + GlobToken().Replace(Regex.Escape(glob), match => match.Value switch
        {
            @"\*\*/" => "(.*/)?",
            @"\*\*" => ".*",
            @"\*" => "[^/]*",
            _ => "[^/]",
        }) + "$",
        RegexOptions.CultureInvariant);

    [GeneratedRegex(@"\\\*\\\*/|\\\*\\\*|\\\*|\\\?")]
    private static partial Regex GlobToken();
}
