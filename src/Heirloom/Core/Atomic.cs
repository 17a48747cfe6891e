using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Heirloom.Core;

/// <summary>Writes that are there whole or not at all: to a private neighbour, flushed to the disk, then renamed. A crash leaves the old one or the new one.</summary>
public static partial class Atomic
{
    private const string Suffix = ".partial-";

    /// <summary>Writes a file.</summary>
    /// <exception cref="UserError">The folder cannot be written or the disk is full; the old file is untouched.</exception>
    public static void WriteFile(string path, Action<Stream> write)
    {
        var full = Path.GetFullPath(path);
        var draft = Draft(full);
        Guard(full, () =>
        {
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            Sweep(full);
            using (var stream = new FileStream(draft, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 20))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(draft, full, overwrite: true);
            FlushFolder(Path.GetDirectoryName(full)!);
        }, () => File.Delete(draft));
    }

    /// <inheritdoc cref="WriteFile(string, Action{Stream})"/>
    public static void WriteText(string path, string text) => WriteFile(path, stream => stream.Write(TextEncoding.UTF8.GetBytes(text)));

    /// <summary>Fills a folder and puts it in place of <paramref name="path"/>, whatever was there before.</summary>
    /// <param name="path">The folder to make.</param>
    /// <param name="fill">Is given a private, empty folder on the same disk.</param>
    /// <exception cref="UserError">The parent cannot be written or the disk is full; the old folder is untouched.</exception>
    public static void WriteFolder(string path, Action<string> fill)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        var draft = Draft(full);
        Guard(full, () =>
        {
            Sweep(full);
            Directory.CreateDirectory(draft);
            fill(draft);
            // side by side, so that the file system's journal takes many flushes at once
            Parallel.ForEach(Directory.EnumerateFiles(draft, "*", SearchOption.AllDirectories), file =>
            {
                using var handle = File.OpenHandle(file, FileMode.Open, FileAccess.ReadWrite);
                RandomAccess.FlushToDisk(handle);
            });

            FlushFolder(draft);
            Replace(draft, full);
            FlushFolder(Path.GetDirectoryName(full)!);
        }, () => DeleteFolder(draft));
    }

    private static string Draft(string full) => $"{full}{Suffix}{Environment.ProcessId}-{Environment.CurrentManagedThreadId}";

    /// <summary>Removes what a process that was killed left of the same target. (An hour's grace: on a shared disk the process may be another machine's.)</summary>
    private static void Sweep(string full)
    {
        var folder = new DirectoryInfo(Path.GetDirectoryName(full)!);
        if (!folder.Exists)
        {
            return;
        }

        var prefix = Path.GetFileName(full) + Suffix;
        foreach (var left in folder.EnumerateFileSystemInfos(prefix + "*").Where(i => i.Name.StartsWith(prefix, StringComparison.Ordinal)))
        {
            var owner = left.Name[prefix.Length..].Split('-')[0];
            if (int.TryParse(owner, out var process) && !IsRunning(process) && TimeProvider.System.GetUtcNow() - left.LastWriteTimeUtc > TimeSpan.FromHours(1))
            {
                if (left is DirectoryInfo unfinished)
                {
                    unfinished.Delete(recursive: true);
                }
                else
                {
                    left.Delete();
                }
            }
        }
    }

    private static bool IsRunning(int process)
    {
        try
        {
            using var found = Process.GetProcessById(process);
            return !found.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static void Guard(string path, Action write, Action discard)
    {
        try
        {
            write();
        }
        catch (Exception e)
        {
            try
            {
                discard();
            }
            catch (IOException)
            {
                // the first error is the one to report
            }

            var cause = e is AggregateException { InnerExceptions: [var first, ..] } ? first : e;
            throw cause is IOException or UnauthorizedAccessException
                ? new UserError($"cannot write: {cause.Message}", path, "free space or choose a folder that you may write to", cause)
                : cause;
        }
    }

    private static void Replace(string draft, string full)
    {
        if (!Directory.Exists(full))
        {
            Directory.Move(draft, full);
            return;
        }

        const int currentFolder = -100, exchange = 2;
        if (OperatingSystem.IsLinux() && Exchange(currentFolder, draft, currentFolder, full, exchange) == 0)
        {
            DeleteFolder(draft);
            return;
        }

        // no exchange on this system or file system: the old folder is kept until the new one stands
        var old = full + ".old-" + Environment.ProcessId;
        Directory.Move(full, old);
        Directory.Move(draft, full);
        DeleteFolder(old);
    }

    private static void DeleteFolder(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Makes a rename durable; Windows needs no such thing.</summary>
    private static void FlushFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var descriptor = Open(folder, 0);
        if (descriptor >= 0)
        {
            _ = Flush(descriptor);
            _ = Close(descriptor);
        }
    }

    [LibraryImport("libc", EntryPoint = "renameat2", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Exchange(int fromFolder, string from, int toFolder, string to, uint flags);

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync")]
    private static partial int Flush(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
