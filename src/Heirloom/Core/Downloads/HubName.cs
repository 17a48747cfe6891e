using System.Text.RegularExpressions;

namespace Heirloom.Core.Downloads;

/// <summary>What a repository on the hub holds.</summary>
public enum HubKind
{
    Model,
    DataSet,
}

/// <summary>A repository's name, revision and path: <c>hf:org/name@revision:path</c>.</summary>
/// <param name="Kind">What it holds.</param>
/// <param name="Repository"><c>org/name</c>, or a name alone.</param>
/// <param name="Revision">A branch, a tag or a commit.</param>
/// <param name="Path">A file, a folder or a pattern of <c>*</c> within it; null for what the kind needs.</param>
public sealed partial record HubName(HubKind Kind, string Repository, string Revision, string? Path)
{
    public const string Scheme = "hf:", Main = "main";

    /// <summary>Whether text means something on the hub and not a path of this machine.</summary>
    public static bool Is(string text) => text.StartsWith(Scheme, StringComparison.Ordinal);

    /// <summary>Reads one.</summary>
    /// <exception cref="UserError">It is none.</exception>
    public static HubName Parse(string text, HubKind kind)
    {
        var match = Form().Match(text);
        if (!match.Success || match.Groups["name"].Value.Split('/').Any(p => p is "." or ".." || p.Contains("--", StringComparison.Ordinal) || p.Contains("..", StringComparison.Ordinal)))
        {
            throw new UserError("is no name on the hub", text, "write hf:org/name, hf:org/name@revision or hf:org/name@revision:path");
        }

        var revision = match.Groups["revision"] is { Success: true, Value: var r } ? r : Main;
        var path = match.Groups["path"] is { Success: true, Value: { Length: > 0 } p2 } ? p2.TrimEnd('/') : null;
        return revision.Split('/').Any(p => p is "" or "." or "..") || (path is not null && !HubPath.IsSafe(path))
            ? throw new UserError("leads out of its repository", text, "write revision and path without '..'")
            : new(kind, match.Groups["name"].Value, revision, path);
    }

    /// <summary>Name of its folder in the cache.</summary>
    public string CacheFolder => $"{Plural}--{Repository.Replace("/", "--", StringComparison.Ordinal)}";

    /// <summary>The endpoint's path that describes its revision.</summary>
    internal string ApiPath => $"api/{Plural}/{Repository}/revision/{Uri.EscapeDataString(Revision)}?blobs=true";

    /// <summary>The endpoint's path of a file.</summary>
    internal string FilePath(string commit, string file) =>
        $"{(Kind == HubKind.Model ? "" : "datasets/")}{Repository}/resolve/{Uri.EscapeDataString(commit)}/{string.Join('/', file.Split('/').Select(Uri.EscapeDataString))}";

    public override string ToString() => $"{Scheme}{Repository}{(Revision == Main ? "" : "@" + Revision)}{(Path is null ? "" : ":" + Path)}";

    private string Plural => Kind == HubKind.Model ? "models" : "datasets";

    [GeneratedRegex(@"\Ahf:(?<name>[A-Za-z0-9][A-Za-z0-9._-]{0,95}(?:/[A-Za-z0-9][A-Za-z0-9._-]{0,95})?)(?:@(?<revision>[A-Za-z0-9._/-]{1,255}))?(?::(?<path>[^\p{C}\\]{0,1024}))?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}

/// <summary>Names of files that came over the network.</summary>
internal static class HubPath
{
    /// <summary>Whether joining it to a folder stays within the folder, on every system.</summary>
    public static bool IsSafe(string path) => path.Length is > 0 and <= 1024
        && path.All(c => !char.IsControl(c) && c is not ('\\' or ':'))
        && path.Split('/').All(part => part is not ("" or "." or "..") && !part.EndsWith(' ') && part.TrimEnd('.').Length > 0);
}
