namespace Heirloom.Core;

/// <summary>Folders outside the working directory. The one place that reads environment variables, and only the ecosystem's own.</summary>
public sealed record Places
{
    /// <summary>Downloaded and derived files that can be made again.</summary>
    public required string Cache { get; init; }

    /// <summary>The hub client's cache (<c>HF_HOME</c>/hub), shared with other tools.</summary>
    public required string HubCache { get; init; }

    /// <summary>Where the hub is and who asks.</summary>
    public HubAccess Hub { get; init; } = new();

    /// <summary><c>$XDG_CACHE_HOME/heirloom</c> or the platform's own cache folder.</summary>
    public static Places OfUser()
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        var cache = Variable("XDG_CACHE_HOME")
            ?? (OperatingSystem.IsWindows() ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData) : Path.Combine(home, ".cache"));
        var hub = Variable("HF_HOME") ?? Path.Combine(cache, "huggingface");
        return new()
        {
            Cache = Path.Combine(cache, "heirloom"),
            HubCache = Variable("HF_HUB_CACHE") ?? Path.Combine(hub, "hub"),
            Hub = new()
            {
                Endpoint = Variable("HF_ENDPOINT") ?? HubAccess.PublicEndpoint,
                Token = Variable("HF_TOKEN") ?? Stored(Variable("HF_TOKEN_PATH") ?? Path.Combine(hub, "token")),
                Offline = Variable("HF_HUB_OFFLINE")?.ToLowerInvariant() is "1" or "true" or "yes" or "on",
            },
        };
    }

    private static string? Stored(string file)
    {
        try
        {
            return File.Exists(file) && File.ReadAllText(file).Trim() is { Length: > 0 } text ? text : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // a token that cannot be read is none: what needs one will say so
        }
    }

    internal static string? Variable(string name)
    {
#pragma warning disable RS0030 // the one permitted use
        var value = Environment.GetEnvironmentVariable(name);
#pragma warning restore RS0030
        return string.IsNullOrWhiteSpace(value) ? null : value;
    }
}
