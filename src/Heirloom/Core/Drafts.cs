using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Heirloom.Core;

/// <summary>Names of what stands beside a target while it is written, who made it, and the removal of what its maker can no longer remove.</summary>
/// <remarks>
/// A name ends with the maker's process id, an identity of its own and a number. Ids of processes alone tell little: in containers they repeat, and a system
/// gives them out again. So a process is a maker only if it began before the last write, and this process only of what bears its identity.
/// </remarks>
internal static partial class Drafts
{
    private const string Partial = ".partial-", Old = ".old-";

    /// <summary>On a shared disk the maker may be another machine's or container's, where nobody here sees it running.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromHours(1);

    private static readonly string Identity = Guid.NewGuid().ToString("N");
    private static int _made;

    /// <summary>A new name for what is to become <paramref name="full"/>, or serves to make it.</summary>
    public static string Of(string full) => full + Partial + Stamp();

    /// <summary>A new name for what stood at <paramref name="full"/>, until something new does.</summary>
    public static string ForOld(string full) => full + Old + Stamp();

    /// <summary>Removes what makers that were killed left of a target.</summary>
    public static void Sweep(string full)
    {
        var folder = new DirectoryInfo(Path.GetDirectoryName(full)!);
        if (!folder.Exists)
        {
            return;
        }

        var name = Path.GetFileName(full);
        foreach (var left in folder.EnumerateFileSystemInfos(name + ".*"))
        {
            var stamp = left.Name.StartsWith(name + Partial, StringComparison.Ordinal) ? left.Name[(name + Partial).Length..]
                : OldName().Match(left.Name) is { Success: true } old && old.Groups["target"].Value == name ? old.Groups["stamp"].Value
                : null;
            try
            {
                if (stamp is not null && LastWrite(left) is var written && TimeProvider.System.GetUtcNow() - written > Grace && !MayBeWriting(stamp, written))
                {
                    Delete(left);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // another process sweeps it too, or it is somebody else's: no reason not to write
            }
        }
    }

    /// <summary>Puts back what a crash between two renames left under its old name, where nothing has taken its place.</summary>
    public static void Restore(string folder)
    {
        foreach (var left in Directory.Exists(folder) ? Directory.GetDirectories(folder, $"*{Old}*") : [])
        {
            if (OldName().Match(Path.GetFileName(left)) is { Success: true } old
                && Path.Combine(folder, old.Groups["target"].Value) is var target && !Path.Exists(target)
                && !MayBeWriting(old.Groups["stamp"].Value, LastWrite(new DirectoryInfo(left))))
            {
                Directory.Move(left, target);
            }
        }
    }

    /// <summary>Whether the maker of a name with this stamp runs here.</summary>
    internal static bool MayBeWriting(string stamp, DateTimeOffset lastWrite)
    {
        var parts = stamp.Split('-');
        if (!int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var process))
        {
            return true; // no name of ours
        }

        if (process == Environment.ProcessId)
        {
            return parts.Length > 1 && parts[1] == Identity;
        }

        try
        {
            using var found = Process.GetProcessById(process);
            return !found.HasExited && found.StartTime.ToUniversalTime() <= lastWrite.UtcDateTime;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            return false; // there is none, or no longer
        }
        catch (Exception e) when (e is Win32Exception or NotSupportedException)
        {
            return true; // there is one, of somebody else
        }
    }

    private static string Stamp() => $"{Environment.ProcessId}-{Identity}-{Interlocked.Increment(ref _made)}";

    /// <summary>Of anything in it: a folder's own time says nothing of a file in it that grows.</summary>
    private static DateTimeOffset LastWrite(FileSystemInfo info) => info is DirectoryInfo folder
        ? folder.EnumerateFileSystemInfos("*", SearchOption.AllDirectories).Select(i => i.LastWriteTimeUtc).Append(info.LastWriteTimeUtc).Max()
        : info.LastWriteTimeUtc;

    private static void Delete(FileSystemInfo info)
    {
        if (info is DirectoryInfo folder)
        {
            folder.Delete(recursive: true);
        }
        else
        {
            info.Delete();
        }
    }

    /// <summary>Only our own full stamp: a user's "model.old-2" is none.</summary>
    [GeneratedRegex(@"^(?<target>.+)\.old-(?<stamp>\d+-[0-9a-f]{32}-\d+)$")]
    private static partial Regex OldName();
}
