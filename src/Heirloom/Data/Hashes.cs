using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Heirloom.Data;

/// <summary>SHA-256 of files and texts, for fingerprints. Large files are hashed once: the hash is remembered in the cache folder by path, size and time of the last change.</summary>
internal static class Hashes
{
    private const long Large = 64L << 20;
    private static readonly ConcurrentDictionary<string, string> s_known = new();

    /// <summary>Lower-case hexadecimal, of the bytes as they lie on the disk.</summary>
    public static string OfFile(string file, Places places)
    {
        var info = new FileInfo(file);
        var key = OfText($"{info.FullName}\n{info.Length}\n{info.LastWriteTimeUtc.Ticks}");
        return s_known.GetOrAdd(key, _ => info.Length < Large ? Hash(file) : Remembered(file, Path.Combine(places.Cache, "fingerprints", key)));
    }

    /// <summary>Of several files together, in order; their names do not count.</summary>
    public static string OfFiles(IEnumerable<string> files, Places places) => OfText(string.Join('\n', files.Select(f => OfFile(f, places))));

    /// <summary>Of a text.</summary>
    public static string OfText(string text) => Convert.ToHexStringLower(SHA256.HashData(TextEncoding.UTF8.GetBytes(text)));

    private static string Remembered(string file, string note)
    {
        if (File.Exists(note) && File.ReadAllText(note) is { Length: 2 * SHA256.HashSizeInBytes } known)
        {
            return known;
        }

        var hash = Hash(file);
        try
        {
            Atomic.WriteText(note, hash);
        }
        catch (UserError)
        {
            // an unwritable cache costs time, not correctness
        }

        return hash;
    }

    private static string Hash(string file)
    {
        try
        {
            using var stream = File.OpenRead(file);
            return Convert.ToHexStringLower(SHA256.HashData(stream));
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            throw new UserError($"cannot be read: {e.Message}", file, "give yourself read permission or name another file", e);
        }
    }
}
