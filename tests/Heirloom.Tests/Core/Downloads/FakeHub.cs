using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json;

namespace Heirloom.Tests.Core.Downloads;

/// <summary>What a client asked.</summary>
internal sealed record HubRequest(string Method, string Path, IReadOnlyDictionary<string, string> Headers)
{
    public string? Token => Headers.GetValueOrDefault("authorization");

    public long From => Headers.TryGetValue("range", out var range) ? long.Parse(range["bytes=".Length..].TrimEnd('-'), System.Globalization.CultureInfo.InvariantCulture) : 0;
}

/// <summary>What a server answers; it hangs up after <see cref="CutAfter"/> bytes of the body where that is set.</summary>
internal sealed record HubAnswer(int Status, byte[] Body)
{
    public Dictionary<string, string> Headers { get; init; } = [];

    public int? CutAfter { get; init; }

    public static HubAnswer Error(int status, string? code = null, string? retryAfter = null)
    {
        var answer = new HubAnswer(status, []);
        if (code is not null)
        {
            answer.Headers["X-Error-Code"] = code;
        }

        if (retryAfter is not null)
        {
            answer.Headers["Retry-After"] = retryAfter;
        }

        return answer;
    }
}

/// <summary>A hub on the loopback that speaks the endpoints of one repository, byte by byte, so that it can misbehave at any of them.</summary>
internal sealed class FakeHub : IDisposable
{
    public const string Commit = "0123456789abcdef0123456789abcdef01234567";

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly FakeHub? _storage;

    /// <param name="storage">Another host on which large files lie; null where this one gives everything itself.</param>
    public FakeHub(FakeHub? storage = null)
    {
        _storage = storage;
        _listener.Start();
        _ = Task.Run(Serve);
    }

    public string Address => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    public Dictionary<string, byte[]> Files { get; } = [];

    public string Repository { get; init; } = "org/name";

    public string Prefix { get; init; } = "models";

    public ConcurrentQueue<HubRequest> Requests { get; } = new();

    /// <summary>Waits after each 64 KiB of a body.</summary>
    public TimeSpan Pause { get; init; }

    /// <summary>Answers in place of the hub's own; null lets it answer itself.</summary>
    public Func<HubRequest, HubAnswer?> Fault { get; set; } = _ => null;

    public static string Sha256(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    public static bool IsLarge(string file) => file.EndsWith(".safetensors", StringComparison.Ordinal) || file.EndsWith(".bin", StringComparison.Ordinal);

    public static string Etag(string file, byte[] content) => IsLarge(file) ? Sha256(content) : Sha256(content)[..40];

    public WorkContext Work(TemporaryFolder folder, string? token = null, bool offline = false) => new()
    {
        Places = new() { Cache = folder / "cache", HubCache = folder / "hub", Hub = new() { Endpoint = Address, Token = token, Offline = offline } },
        Stop = TestContext.Current.CancellationToken,
    };

    public HubAnswer Content(HubRequest request, byte[] content, string etag)
    {
        var from = (int)Math.Min(request.From, content.Length);
        var answer = from > 0 ? new HubAnswer(206, content[from..]) : new HubAnswer(200, content);
        answer.Headers["ETag"] = $"\"{etag}\"";
        if (from > 0)
        {
            answer.Headers["Content-Range"] = $"bytes {from}-{content.Length - 1}/{content.Length}";
        }

        return answer;
    }

    public void Dispose()
    {
        // may be called twice: a test takes a hub away
        _stop.Cancel();
        _listener.Dispose();
    }

    private HubAnswer Answer(HubRequest request)
    {
        var path = Uri.UnescapeDataString(request.Path.Split('?')[0]);
        if (path.StartsWith($"/api/{Prefix}/{Repository}/revision/", StringComparison.Ordinal))
        {
            var siblings = Files.Select(f => new Dictionary<string, object?>
            {
                ["rfilename"] = f.Key, ["size"] = f.Value.Length, ["blobId"] = "x",
                ["lfs"] = IsLarge(f.Key) ? new { sha256 = Sha256(f.Value), size = f.Value.Length } : null,
            });
            return new(200, JsonSerializer.SerializeToUtf8Bytes(new { sha = Commit, siblings }));
        }

        if (path.StartsWith("/storage/", StringComparison.Ordinal))
        {
            return Content(request, Files[path["/storage/".Length..]], "of-the-storage");
        }

        var resolve = $"/{(Prefix == "models" ? "" : Prefix + "/")}{Repository}/resolve/{Commit}/";
        if (!path.StartsWith(resolve, StringComparison.Ordinal) || !Files.TryGetValue(path[resolve.Length..], out var content))
        {
            return HubAnswer.Error(404, path.StartsWith(resolve, StringComparison.Ordinal) ? "EntryNotFound" : "RepoNotFound");
        }

        var file = path[resolve.Length..];
        var etag = Etag(file, content);
        if (_storage is not null && IsLarge(file))
        {
            return new(302, [])
            {
                Headers = { ["Location"] = $"{_storage.Address}/storage/{file}", ["X-Linked-Etag"] = $"\"{etag}\"", ["X-Linked-Size"] = $"{content.Length}", ["X-Repo-Commit"] = Commit },
            };
        }

        var answer = Content(request, content, etag);
        answer.Headers["X-Repo-Commit"] = Commit;
        return answer;
    }

    private async Task Serve()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                _ = Task.Run(() => One(client));
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task One(TcpClient client)
    {
        try
        {
            using (client)
            {
                using var stream = client.GetStream();
                var reader = new StreamReader(stream, leaveOpen: true);
                var first = (await reader.ReadLineAsync())?.Split(' ') ?? [];
                var headers = new Dictionary<string, string>();
                while (await reader.ReadLineAsync() is { Length: > 0 } line)
                {
                    var colon = line.IndexOf(':');
                    headers[line[..colon].ToLowerInvariant()] = line[(colon + 1)..].Trim();
                }

                var request = new HubRequest(first[0], first[1], headers);
                Requests.Enqueue(request);
                var answer = Fault(request) ?? Answer(request);
                var head = $"HTTP/1.1 {answer.Status} Status\r\nConnection: close\r\n{(answer.Headers.ContainsKey("Content-Length") ? "" : $"Content-Length: {answer.Body.Length}\r\n")}"
                    + string.Concat(answer.Headers.Select(h => $"{h.Key}: {h.Value}\r\n")) + "\r\n";
                await stream.WriteAsync(TextEncoding.ASCII.GetBytes(head));
                if (request.Method != "HEAD")
                {
                    foreach (var piece in answer.Body.Take(answer.CutAfter ?? answer.Body.Length).Chunk(1 << 16))
                    {
                        await stream.WriteAsync(piece);
                        await Task.Delay(Pause);
                    }
                }

                await stream.FlushAsync();
            }
        }
        catch (Exception e) when (e is IOException or SocketException or IndexOutOfRangeException)
        {
            // the client hung up
        }
    }
}
