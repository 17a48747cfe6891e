using System.Security.Cryptography;

namespace Heirloom.Data.Sets;

/// <summary>
/// One hash over a folder: every file's path, size and SHA-256, in ordinal order of paths. A data set's pin is this hash of what was taken
/// from its package, so it does not depend on how an archive was built, and a cached copy needs no other record to be checked against.
/// </summary>
internal static class ContentHash
{
    public static string Of(string folder)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var names = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(folder, path).Replace('\\', '/'))
            .Order(StringComparer.Ordinal);
        foreach (var name in names)
        {
            var path = Path.Combine(folder, name);
            hash.AppendData(TextEncoding.UTF8.GetBytes($"{PackageArchive.Checksum(path)} {new FileInfo(path).Length} {name}\n"));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
