using System.Runtime.InteropServices;

namespace Heirloom.Core;

/// <summary>Writes that are there whole or not at all: to a private neighbour, flushed to the disk, then renamed. A crash leaves the old one or the new one.</summary>
public static partial class Atomic
{
    /// <summary>Writes a file.</summary>
    /// <exception cref="UserError">The folder cannot be written or the disk is full; the old file is untouched.</exception>
    public static void WriteFile(string path, Action<Stream> write)
    {
        var full = Path.GetFullPath(path);
        var draft = Drafts.Of(full);
        Guard(full, () =>
        {
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            Drafts.Sweep(full);
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
        var draft = Drafts.Of(full);
        Guard(full, () =>
        {
            Drafts.Restore(Path.GetDirectoryName(full)!);
            Drafts.Sweep(full);
            Directory.CreateDirectory(draft);
            fill(draft);
            // side by side, so that the file system's journal takes many flushes at once
            Parallel.ForEach(Directory.EnumerateFiles(draft, "*", SearchOption.AllDirectories), file =>
            {
                using var handle = File.OpenHandle(file, FileMode.Open, FileAccess.ReadWrite);
                RandomAccess.FlushToDisk(handle);
            });

            foreach (var folder in FoldersBottomUp(draft))
            {
                FlushFolder(folder);
            }

            Replace(draft, full);
            FlushFolder(Path.GetDirectoryName(full)!);
        }, () => DeleteFolder(draft));
    }

    /// <summary>A name beside <paramref name="path"/> for a file that helps to make it: what a kill leaves of it is swept with the drafts.</summary>
    public static string Scratch(string path) => Drafts.Of(Path.GetFullPath(path));

    /// <summary>Where folders cannot be exchanged, a crash may leave one under the name it had while it was replaced: puts such folders back.</summary>
    /// <param name="folder">The folder that they stand in.</param>
    public static void Restore(string folder) => Drafts.Restore(Path.GetFullPath(folder));

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

        ReplaceInTwoMoves(draft, full);
    }

    /// <summary>No exchange on this system or file system: the old folder is kept until the new one stands, and is put back if it never does.</summary>
    internal static void ReplaceInTwoMoves(string draft, string full)
    {
        var old = Drafts.ForOld(full);
        Directory.Move(full, old);
        try
        {
            Directory.Move(draft, full);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Directory.Move(old, full);
            throw;
        }

        DeleteFolder(old);
    }

    /// <summary>A folder's entries are on the disk before the entry that leads to it.</summary>
    internal static IEnumerable<string> FoldersBottomUp(string root) =>
        Directory.EnumerateDirectories(root).SelectMany(FoldersBottomUp).Append(root);

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
