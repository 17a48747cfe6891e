using System.Net;
using System.Security.Cryptography;

namespace Heirloom.Core.Downloads;

/// <summary>Brings one file into the cache: resumed where it was broken off, checked against what the hub says of it.</summary>
internal sealed class HubDownload(HubTransport transport, HubCache cache, HubName name, string commit, HubEntry entry, CancellationToken stop)
{
    private const int BufferBytes = 1 << 17;
    private static readonly TimeSpan s_glance = TimeSpan.FromMilliseconds(100);

    private string Where => $"{name with { Path = null }}:{entry.Path}";

    private string UrlPath => name.FilePath(commit, entry.Path);

    /// <summary>Bytes that are there.</summary>
    public long Done { get; private set; }

    /// <summary>Downloads, unless the content is there already.</summary>
    /// <param name="report">Is told how much is done.</param>
    public async Task Run(Action report)
    {
        // one failure budget for asking and reading together: a file that changes at every look is not read for ever
        await transport.Retry(async () =>
        {
            var (etag, size) = await Look();
            using var held = await Lock(etag);
            if (!IsWhole(cache.Blob(etag), size))
            {
                await Fetch(etag, size, report);
            }

            Done = new FileInfo(cache.Blob(etag)).Length;
            cache.Link(commit, entry.Path, etag);
            report();
            return 0;
        }, Where, () => Done, stop);
    }

    private async Task<(string Etag, long? Size)> Look()
    {
        using var answer = await transport.Ask(HttpMethod.Head, UrlPath, Where, stop);
        if (Header(answer, "X-Repo-Commit") is { } said && said != commit)
        {
            throw new UserError($"the hub answers with commit {said} when asked for {commit}", Where, "try again");
        }

        var redirected = (int)answer.StatusCode is >= 300 and < 400;
        var size = long.TryParse(Header(answer, "X-Linked-Size"), out var linked) ? linked : redirected ? null : answer.Content.Headers.ContentLength;
        return (Etag(answer) ?? throw new UserError("the hub gives no etag for it", Where, "check HF_ENDPOINT"), size ?? entry.Size);
    }

    private async Task Fetch(string etag, long? size, Action report)
    {
        var incomplete = cache.Incomplete(etag);
        Directory.CreateDirectory(Path.GetDirectoryName(incomplete)!);
        var sha = entry.Sha256 ?? (etag.Length == 64 && etag.All(char.IsAsciiHexDigit) ? etag : null);
        await using (var file = Open(incomplete))
        {
            if (file.Length > size)
            {
                file.SetLength(0);
            }

            if (size is null || file.Length < size || size == 0)
            {
                await Continue(file, etag, size, report);
            }
        }

        if (sha is not null && await Sha256(incomplete) is var actual && !actual.Equals(sha, StringComparison.OrdinalIgnoreCase))
        {
            File.Delete(incomplete);
            Done = 0;
            throw new TransientException($"its content is not what the hub names: SHA-256 {actual[..12]}… instead of {sha[..12]}…");
        }

        File.Move(incomplete, cache.Blob(etag), overwrite: true);
    }

    private async Task Continue(FileStream file, string etag, long? size, Action report)
    {
        var offset = file.Length;
        using var answer = await transport.Open(UrlPath, offset, Where, first =>
        {
            if (Etag(first) is { } now && now != etag)
            {
                throw new TransientException("it changed on the hub while it was read");
            }
        }, stop);
        if (answer.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            file.SetLength(0);
            throw new TransientException("the hub cannot go on where it broke off");
        }

        if (answer.StatusCode != HttpStatusCode.PartialContent || answer.Content.Headers.ContentRange?.From != offset)
        {
            offset = 0; // from the start, whatever was asked
            if (answer.StatusCode == HttpStatusCode.PartialContent && answer.Content.Headers.ContentRange?.From is not (0 or null))
            {
                throw new TransientException("the hub sent another part than was asked for");
            }
        }

        if (size is { } whole && answer.Content.Headers.ContentLength is { } length && offset + length != whole)
        {
            file.SetLength(0);
            throw new TransientException($"{offset + length} bytes are offered, the hub says {whole}");
        }

        file.SetLength(offset);
        file.Position = offset;
        await using var content = await answer.Content.ReadAsStreamAsync(stop);
        var buffer = new byte[BufferBytes];
        while (await HubTransport.Read(content, buffer, stop) is > 0 and var read)
        {
            if (file.Length + read > size)
            {
                file.SetLength(0);
                throw new TransientException($"more arrives than the {size} bytes that the hub says");
            }

            await file.WriteAsync(buffer.AsMemory(0, read), stop);
            Done = Math.Max(Done, file.Length);
            report();
        }

        file.Flush(flushToDisk: true);
        if (file.Length < size)
        {
            throw new TransientException($"the connection was cut at {file.Length} of {size} bytes");
        }
    }

    private static FileStream Open(string path)
    {
        try
        {
            return new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, 1);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"cannot write: {e.Message}", path, "free space, or choose another cache with HF_HUB_CACHE", e);
        }
    }

    /// <summary>Keeps other processes from writing the same content; the file stays, as the hub's other clients leave theirs.</summary>
    private async Task<FileStream> Lock(string etag)
    {
        var path = cache.LockFile(etag);
        while (true)
        {
            stop.ThrowIfCancellationRequested();
            try
            {
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                return new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (UnauthorizedAccessException e)
            {
                throw new UserError($"cannot write: {e.Message}", path, "choose another cache with HF_HUB_CACHE", e);
            }
            catch (IOException) when (File.Exists(path))
            {
                // somebody else is at it; a glance now and then costs nothing beside a download
                await Task.Delay(s_glance, stop);
            }
            catch (IOException e)
            {
                throw new UserError($"cannot write: {e.Message}", path, "free space, or choose another cache with HF_HUB_CACHE", e);
            }
        }
    }

    private static bool IsWhole(string blob, long? size) => new FileInfo(blob) is { Exists: true, Length: var length } && (size is null || length == size);

    private static async Task<string> Sha256(string path)
    {
        await using var stream = File.OpenRead(path);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(stream));
    }

    private static string? Etag(HttpResponseMessage answer)
    {
        var etag = Header(answer, "X-Linked-Etag") ?? Header(answer, "ETag");
        return etag is null ? null : (etag.StartsWith("W/", StringComparison.Ordinal) ? etag[2..] : etag).Trim('"') is { Length: > 0 } plain ? plain : null;
    }

    private static string? Header(HttpResponseMessage answer, string name) => answer.Headers.NonValidated.TryGetValues(name, out var values) ? values.ToString() : null;
}
