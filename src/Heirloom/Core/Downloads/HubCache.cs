using System.Security.Cryptography;

namespace Heirloom.Core.Downloads;

/// <summary>
/// One repository in the cache that the hub's clients share: contents in <c>blobs</c> by etag, commits of branches in <c>refs</c>, and for each commit a folder
/// in <c>snapshots</c> whose files point at contents.
/// </summary>
internal sealed class HubCache(string root, HubName name)
{
    private readonly string _folder = System.IO.Path.Combine(root, name.CacheFolder);

    public string Snapshot(string commit) => System.IO.Path.Combine(_folder, "snapshots", commit);

    public string Blob(string etag) => System.IO.Path.Combine(_folder, "blobs", FileName(etag));

    public string Incomplete(string etag) => Blob(etag) + ".incomplete";

    public string LockFile(string etag) => System.IO.Path.Combine(root, ".locks", name.CacheFolder, FileName(etag) + ".lock");

    /// <summary>The commit that the name's revision last meant; null where it is not known here.</summary>
    public string? Commit()
    {
        var file = Ref();
        var commit = File.Exists(file) ? File.ReadAllText(file).Trim() : name.Revision;
        return commit.Length >= 7 && commit.All(char.IsAsciiHexDigit) && Directory.Exists(Snapshot(commit)) ? commit : null;
    }

    /// <summary>Remembers what the revision means now.</summary>
    public void SetCommit(string commit)
    {
        if (commit != name.Revision)
        {
            Atomic.WriteText(Ref(), commit);
        }
    }

    /// <summary>The content of a file of a commit, if it is there.</summary>
    public string? Find(string commit, string path) => System.IO.Path.Combine(Snapshot(commit), path) is var file && File.Exists(file) ? file : null;

    /// <summary>Relative paths of a commit's files.</summary>
    public IReadOnlyList<string> Files(string commit)
    {
        var folder = Snapshot(commit);
        return !Directory.Exists(folder) ? []
            : [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(File.Exists).Select(f => System.IO.Path.GetRelativePath(folder, f).Replace('\\', '/')).Order(StringComparer.Ordinal)];
    }

    /// <summary>Makes a file of a commit point at its content; where the system has no links, it gets a copy.</summary>
    public void Link(string commit, string path, string etag)
    {
        var file = System.IO.Path.Combine(Snapshot(commit), path);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(file)!);
        if (new FileInfo(file) is { LinkTarget: not null } old)
        {
            old.Delete();
        }

        try
        {
            File.CreateSymbolicLink(file, System.IO.Path.GetRelativePath(System.IO.Path.GetDirectoryName(file)!, Blob(etag)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or PlatformNotSupportedException)
        {
            File.Copy(Blob(etag), file, overwrite: true);
        }
    }

    /// <summary>An etag names a file; one with other characters than the hub's own would lead elsewhere.</summary>
    private static string FileName(string etag) => etag.Length is > 0 and <= 128 && etag.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')
        ? etag
        : Convert.ToHexStringLower(SHA256.HashData(TextEncoding.UTF8.GetBytes(etag)));

    private string Ref() => System.IO.Path.Combine([_folder, "refs", .. name.Revision.Split('/')]);
}
