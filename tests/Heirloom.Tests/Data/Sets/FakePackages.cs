using System.Formats.Tar;
using System.IO.Compression;
using Heirloom.Data;
using Heirloom.Data.Sets;

namespace Heirloom.Tests.Data.Sets;

/// <summary>A small set in an archive made here, and clients that do to it what clients and networks do.</summary>
internal sealed class FakePackages : IDisposable
{
    public FakePackages()
    {
        Folder = Directory.CreateTempSubdirectory("heirloom-sets-").FullName;
        Work = new() { Places = new() { Cache = Path.Combine(Folder, "cache"), HubCache = Path.Combine(Folder, "hub") } };
        Archive = Path.Combine(Folder, "made.tgz");
        WriteTgz(Archive, ("package/notes/a.txt", "alpha"), ("package/notes/b.txt", "beta"), ("package/other.txt", "gamma"));
        Set = new(Archive);
    }

    public string Folder { get; }

    public WorkContext Work { get; }

    public string Archive { get; }

    public LetterSet Set { get; }

    public string CacheFolder => Path.Combine(Work.Places.Cache, "datasets");

    public DataSetCatalog Catalog(IPackageClient client, params DataSet[] sets) => new(Work, [client], sets.Length == 0 ? [Set] : sets);

    /// <summary>Nothing but the lock may be there after a download failed.</summary>
    public void AssertNothingCached() =>
        Assert.DoesNotContain(Directory.Exists(CacheFolder) ? Directory.EnumerateFileSystemEntries(CacheFolder, "*", SearchOption.AllDirectories) : [],
            path => File.Exists(path) && Path.GetFileName(path) != ".lock");

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    public static void WriteTgz(string path, params (string Name, string Text)[] entries)
    {
        using var gzip = new GZipStream(File.Create(path), CompressionLevel.Optimal);
        WriteTar(gzip, entries);
    }

    public static void WriteTar(Stream stream, params (string Name, string Text)[] entries)
    {
        using var tar = new TarWriter(stream, leaveOpen: true);
        foreach (var (name, text) in entries)
        {
            tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(TextEncoding.UTF8.GetBytes(text)) });
        }
    }

    /// <summary>A Debian archive around a tar of those entries.</summary>
    public static void WriteDeb(string path, string member, byte[] data)
    {
        using var file = File.Create(path);
        file.Write("!<arch>\n"u8);
        foreach (var (name, bytes) in new[] { ("debian-binary", "2.0\n"u8.ToArray()), ("control.tar.xz", "odd"u8.ToArray()), (member, data) })
        {
            file.Write(TextEncoding.ASCII.GetBytes($"{name,-16}{"0",-12}{"0",-6}{"0",-6}{"100644",-8}{bytes.Length,-10}`\n"));
            file.Write(bytes);
            if (bytes.Length % 2 == 1)
            {
                file.WriteByte((byte)'\n');
            }
        }
    }

    /// <summary>Documents that are the files of <c>notes/</c>.</summary>
    internal sealed class LetterSet(string archive, string? content = null, string name = "letters") : TextDataSet
    {
        /// <summary>The content hash of a.txt and b.txt as written above.</summary>
        public const string Pinned = "6ad195595a599b235b6824d9547d50351c983b8be0c71062d1e69b2678a6232b";

        public override string Name => name;

        public override string Title => "Letters";

        public override string Description => "Two files.";

        public override string License => "CC0-1.0";

        public override Package Package { get; } = Package.Npm("letters", "1.0.0", new FileInfo(archive).Length, PackageArchive.Checksum(archive));

        public override string Root => "notes";

        public override IReadOnlyList<string> Files => ["*.txt"];

        public override string Content => content ?? Pinned;

        public override int Count => 2;

        public override IReadOnlyList<string> Fields => ["split"];

        public override IReadOnlyList<string> Splits => ["a", "b"];

        public override IEnumerable<Document> Read(string folder) =>
            from path in Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal)
            let id = Path.GetFileNameWithoutExtension(path)
            select new Document(id, File.ReadAllText(path)) { Fields = new Dictionary<string, string> { ["split"] = id } };
    }

    /// <summary>Downloads by calling a function.</summary>
    internal sealed class Client(Func<string, string> download, string? missing = null, bool rebuilds = false) : IPackageClient
    {
        public int Downloads { get; private set; }

        public string Name => "npm";

        public bool Rebuilds => rebuilds;

        public string? Missing() => missing;

        public string Download(Package package, string state, string folder, Action tick, CancellationToken stop)
        {
            Downloads++;
            return download(folder);
        }
    }
}
