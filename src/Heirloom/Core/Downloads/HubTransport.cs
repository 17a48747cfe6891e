using System.Net;
using System.Net.Http.Headers;

namespace Heirloom.Core.Downloads;

/// <summary>Something went wrong that may go right a little later.</summary>
internal sealed class TransientException(string message, TimeSpan? after = null, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>How long the server asks to be left alone.</summary>
    public TimeSpan? After => after;
}

/// <summary>Nothing answers: there may be no network at all.</summary>
internal sealed class UnreachableHubException(string message, Exception inner) : Exception(message, inner);

/// <summary>Requests to a hub: who asks is told to the hub alone, redirects are followed by hand, and every refusal becomes one line.</summary>
internal sealed class HubTransport : IDisposable
{
    /// <summary>Failures in a row, without a byte in between, after which it gives up.</summary>
    public const int Attempts = 5;

    private const int MaxRedirects = 8;
    private static readonly TimeSpan s_stall = TimeSpan.FromSeconds(60), s_longest = TimeSpan.FromMinutes(5);

    private readonly HttpMessageInvoker _http;
    private readonly HubAccess _access;
    private readonly Uri _endpoint;
    private readonly Func<TimeSpan, CancellationToken, Task> _wait;
    private readonly TimeProvider _clock;
    private bool _answered;

    public HubTransport(HubAccess access, TimeProvider clock, Func<TimeSpan, CancellationToken, Task>? wait)
    {
        _access = access;
        _clock = clock;
        _wait = wait ?? ((delay, stop) => Task.Delay(delay, clock, stop));
        _endpoint = Uri.TryCreate(access.Endpoint.TrimEnd('/') + "/", UriKind.Absolute, out var endpoint) && endpoint.Scheme is "https" or "http"
            ? endpoint
            : throw new UserError("is no web address", $"HF_ENDPOINT={access.Endpoint}", $"leave it unset for {HubAccess.PublicEndpoint}");
        _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, ConnectTimeout = TimeSpan.FromSeconds(15) });
    }

    public string Host => _endpoint.Authority;

    /// <summary>A path of the endpoint.</summary>
    public Uri At(string path) => new(_endpoint, path);

    /// <summary>Tries again after failures that may pass, each time after twice as long, or as long as the server asks.</summary>
    /// <param name="action">Is tried.</param>
    /// <param name="where">For the error.</param>
    /// <param name="progress">Grows while something arrives: then earlier failures no longer count.</param>
    /// <param name="stop">Asks to stop.</param>
    /// <exception cref="UserError">It keeps failing.</exception>
    public async Task<T> Retry<T>(Func<Task<T>> action, string where, Func<long> progress, CancellationToken stop)
    {
        var seen = progress();
        for (var failures = 1; ; failures++)
        {
            try
            {
                return await action();
            }
            catch (TransientException e)
            {
                failures = progress() > seen ? 1 : failures;
                seen = Math.Max(seen, progress());
                if (failures >= Attempts)
                {
                    throw new UserError($"{e.Message}, {Attempts} times in a row", where, "try again later: what has arrived is kept", e);
                }

                var delay = e.After ?? TimeSpan.FromSeconds(1 << (failures - 1));
                if (delay > s_longest)
                {
                    throw new UserError($"{e.Message}, and the hub asks to wait {delay.TotalMinutes:0} minutes", where, "try again then: what has arrived is kept", e);
                }

                await _wait(delay, stop);
            }
        }
    }

    /// <summary>The answer of the endpoint itself, redirects within it followed; a redirect to another host is the answer.</summary>
    public Task<HttpResponseMessage> Ask(HttpMethod method, string path, string what, CancellationToken stop) => Send(method, At(path), null, what, _ => { }, leaves: false, stop);

    /// <summary>The content behind a path, wherever it lies.</summary>
    /// <param name="path">The endpoint's.</param>
    /// <param name="offset">First byte wanted.</param>
    /// <param name="what">For errors.</param>
    /// <param name="first">Is shown what the endpoint itself says.</param>
    /// <param name="stop">Asks to stop.</param>
    public Task<HttpResponseMessage> Open(string path, long offset, string what, Action<HttpResponseMessage> first, CancellationToken stop) =>
        Send(HttpMethod.Get, At(path), offset > 0 ? new RangeHeaderValue(offset, null) : null, what, first, leaves: true, stop);

    /// <summary>Reads some bytes; a server that falls silent counts as one that hung up.</summary>
    public static async Task<int> Read(Stream stream, Memory<byte> buffer, CancellationToken stop)
    {
        using var stalled = CancellationTokenSource.CreateLinkedTokenSource(stop);
        stalled.CancelAfter(s_stall);
        try
        {
            return await stream.ReadAsync(buffer, stalled.Token);
        }
        catch (OperationCanceledException e) when (!stop.IsCancellationRequested)
        {
            throw new TransientException("nothing arrives any more", inner: e);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            throw new TransientException("the connection was cut", inner: e);
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<HttpResponseMessage> Send(HttpMethod method, Uri uri, RangeHeaderValue? range, string what, Action<HttpResponseMessage> first, bool leaves, CancellationToken stop)
    {
        var trusted = true;
        for (var hops = 0; hops <= MaxRedirects; hops++)
        {
            // once it has left the hub, nothing that it comes back to is told who asks
            trusted &= IsEndpoint(uri);
            using var request = new HttpRequestMessage(method, uri);
            request.Headers.UserAgent.ParseAdd("heirloom");
            request.Headers.AcceptEncoding.ParseAdd("identity");
            request.Headers.Range = range;
            if (trusted && _access.Token is { } token)
            {
                request.Headers.Authorization = new("Bearer", token);
            }

            var response = await Answer(request, stop);
            if (hops == 0 && (int)response.StatusCode < 400)
            {
                first(response);
            }

            if (response.StatusCode is not (HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect)
                || response.Headers.Location is not { } location)
            {
                return Checked(response, what);
            }

            var next = new Uri(uri, location);
            if (!leaves && !IsEndpoint(next))
            {
                return response;
            }

            response.Dispose();
            uri = next.Scheme == "https" || (next.Scheme == "http" && _endpoint.Scheme == "http") ? next
                : throw new UserError($"is sent on to an unprotected address ({next.Scheme}://{next.Authority})", what, "do not use this hub");
        }

        throw new UserError("is sent on in circles", what, "check HF_ENDPOINT");
    }

    private async Task<HttpResponseMessage> Answer(HttpRequestMessage request, CancellationToken stop)
    {
        using var slow = CancellationTokenSource.CreateLinkedTokenSource(stop);
        slow.CancelAfter(s_stall);
        try
        {
            var response = await _http.SendAsync(request, slow.Token);
            _answered = true;
            return response;
        }
        catch (OperationCanceledException e) when (!stop.IsCancellationRequested)
        {
            throw new TransientException($"{request.RequestUri!.Authority} does not answer", inner: e);
        }
        catch (HttpRequestException e) when (e.HttpRequestError is HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError or HttpRequestError.ProxyTunnelError)
        {
            // before anything has answered there is likely no network, and waiting would not mend it
            var message = $"{request.RequestUri!.Authority} cannot be reached: {e.Message}";
            throw _answered ? new TransientException(message, inner: e) : new UnreachableHubException(message, e);
        }
        catch (HttpRequestException e) when (e.HttpRequestError is HttpRequestError.SecureConnectionError)
        {
            throw new UserError($"cannot be reached safely: {e.Message}", request.RequestUri!.Authority, "check the address and the clock", e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new TransientException("the connection was cut", inner: e);
        }
    }

    private HttpResponseMessage Checked(HttpResponseMessage response, string what)
    {
        if (response.IsSuccessStatusCode || response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            return response;
        }

        using (response)
        {
            var code = response.Headers.TryGetValues("X-Error-Code", out var codes) ? codes.First() : "";
            throw (int)response.StatusCode switch
            {
                401 when _access.Token is null => new UserError("does not exist, or is not open to everyone", what, "check the name, or set HF_TOKEN to a token that may read it"),
                401 => new UserError("the hub does not accept the token", what, "set HF_TOKEN to one that is valid and may read it"),
                403 when code == "GatedRepo" => new UserError("access has to be granted first", what, $"accept its terms at {_access.Endpoint} with the account of HF_TOKEN"),
                403 => new UserError("access is refused", what, "set HF_TOKEN to a token that may read it"),
                404 => new UserError(code switch { "RevisionNotFound" => "there is no such revision", "EntryNotFound" => "there is no such file", _ => "there is no such repository, revision or file" }, what, "check the name"),
                408 or 429 or >= 500 => new TransientException($"the hub answered {(int)response.StatusCode} {response.ReasonPhrase}".TrimEnd(), After(response)),
                var other => new UserError($"the hub answered {other} {response.ReasonPhrase}".TrimEnd(), what, "check the name and HF_ENDPOINT"),
            };
        }
    }

    private TimeSpan? After(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => TimeSpan.FromTicks(Math.Max(0, (date - _clock.GetUtcNow()).Ticks)),
        _ => null,
    };

    private bool IsEndpoint(Uri uri) => uri.Scheme == _endpoint.Scheme && uri.Host.Equals(_endpoint.Host, StringComparison.OrdinalIgnoreCase) && uri.Port == _endpoint.Port;
}
