namespace Heirloom.Core.Downloads;

/// <summary>A commit of a repository on this machine.</summary>
/// <param name="Folder">Its files under their own names.</param>
/// <param name="Commit">Which.</param>
/// <param name="Files">Those that were asked for, relative to the folder.</param>
public sealed record HubSnapshot(string Folder, string Commit, IReadOnlyList<string> Files);

/// <summary>Brings models and data sets of a hub to this machine, into the cache that other tools share. Nothing but tensors, JSON and text is fetched unasked.</summary>
public sealed class HubClient(WorkContext work)
{
    private const int MaxDescription = 50_000_000;

    /// <summary>Waits between attempts; tests do not.</summary>
    internal Func<TimeSpan, CancellationToken, Task>? Wait { get; init; }

    private HubAccess Access => work.Places.Hub;

    /// <summary>The folder of a name that may mean one of the hub's (<c>hf:org/name</c>): that of its files, fetched where they are not there yet; any other text as it is.</summary>
    /// <exception cref="UserError">As <see cref="Pull"/>.</exception>
    public static string Folder(string nameOrPath, WorkContext work)
    {
        if (!HubName.Is(nameOrPath))
        {
            return nameOrPath;
        }

        var name = HubName.Parse(nameOrPath, HubKind.Model);
        var folder = new HubClient(work).Pull(name).Folder;
        return name.Path is null || name.Path.Contains('*') ? folder : Path.Combine(folder, name.Path) is var within && Directory.Exists(within) ? within : folder;
    }

    /// <summary>Fetches what is missing. Without a network, or when told to stay offline, what the cache holds has to do.</summary>
    /// <param name="name">What.</param>
    /// <param name="pickles">Whether pickled weights will do where there are no others.</param>
    /// <exception cref="UserError">No such thing, no access, no network and nothing in the cache, a file that stays broken, no space.</exception>
    public HubSnapshot Pull(HubName name, bool pickles = false) =>
        // the thread pool has no context that could wait for the thread that waits here
        Task.Run(() => PullAsync(name, pickles)).GetAwaiter().GetResult();

    private async Task<HubSnapshot> PullAsync(HubName name, bool pickles)
    {
        var cache = new HubCache(work.Places.HubCache, name);
        if (Access.Offline)
        {
            return Cached(name, cache, pickles) ?? throw new UserError("is not in the cache, and HF_HUB_OFFLINE is set", name.ToString(), "unset it, or fetch it where there is a network");
        }

        using var transport = new HubTransport(Access, work.Clock, Wait);
        try
        {
            var (commit, entries) = await Describe(transport, name);
            var chosen = HubSelection.Choose(name, entries, pickles);
            await Fetch(transport, cache, name, commit, chosen);
            cache.SetCommit(commit);
            return new(cache.Snapshot(commit), commit, [.. chosen.Select(e => e.Path)]);
        }
        catch (UnreachableHubException e)
        {
            if (Cached(name, cache, pickles) is { } there)
            {
                work.Progress.Note($"{e.Message}; {name} is read from the cache, commit {there.Commit[..7]}");
                return there;
            }

            throw new UserError(e.Message, name.ToString(), "check the network and HF_ENDPOINT, or name a folder of this machine", e);
        }
    }

    private async Task<(string Commit, IReadOnlyList<HubEntry> Entries)> Describe(HubTransport transport, HubName name)
    {
        var json = await transport.Retry(async () =>
        {
            using var answer = await transport.Ask(HttpMethod.Get, name.ApiPath, name.ToString(), work.Stop);
            await using var content = await answer.Content.ReadAsStreamAsync(work.Stop);
            var (buffer, all) = (new byte[1 << 16], new MemoryStream());
            while (await HubTransport.Read(content, buffer, work.Stop) is > 0 and var read)
            {
                all.Write(buffer, 0, read);
                if (all.Length > MaxDescription)
                {
                    throw new UserError("the hub's description of it is too long", name.ToString(), "check HF_ENDPOINT");
                }
            }

            return all.ToArray();
        }, name.ToString(), () => 0, work.Stop);
        return HubSelection.Parse(json, $"{transport.Host}: {name}");
    }

    private async Task Fetch(HubTransport transport, HubCache cache, HubName name, string commit, IReadOnlyList<HubEntry> chosen)
    {
        var missing = chosen.Where(e => cache.Find(commit, e.Path) is not { } file || (e.Size is { } size && new FileInfo(Real(file)).Length != size)).ToList();
        if (missing.Count == 0)
        {
            return;
        }

        RequireSpace(missing.Sum(e => e.Size ?? 0));
        using var task = work.Progress.Begin($"fetching {name}", missing.Any(e => e.Size is null) ? null : missing.Sum(e => e.Size), "bytes");
        var before = 0L;
        foreach (var entry in missing)
        {
            var download = new HubDownload(transport, cache, name, commit, entry, work.Stop);
            await download.Run(() => task.Report(before + download.Done, entry.Path));
            before += download.Done;
        }
    }

    private static string Real(string file) => new FileInfo(file).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? file;

    private static HubSnapshot? Cached(HubName name, HubCache cache, bool pickles)
    {
        if (cache.Commit() is not { } commit || cache.Files(commit) is not { Count: > 0 } files)
        {
            return null;
        }

        var chosen = HubSelection.Choose(name, [.. files.Select(f => new HubEntry(f, null, null))], pickles);
        return new(cache.Snapshot(commit), commit, [.. chosen.Select(e => e.Path)]);
    }

    private void RequireSpace(long bytes)
    {
        try
        {
            var root = Path.GetFullPath(work.Places.HubCache);
            while (!Directory.Exists(root) && Path.GetDirectoryName(root) is { } parent)
            {
                root = parent;
            }

            if (new DriveInfo(root).AvailableFreeSpace is var free && free < bytes)
            {
                throw new UserError($"needs {bytes / 1e6:N0} MB and {free / 1e6:N0} MB are free", work.Places.HubCache, "free space, or choose another cache with HF_HUB_CACHE");
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // not every file system tells; then the write will
        }
    }
}
