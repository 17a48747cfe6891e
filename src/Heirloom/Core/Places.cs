namespace Heirloom.Core;

/// <summary>Folders outside the working directory. The one place that reads environment variables, and only the ecosystem's own.</summary>
public sealed record Places
{
    /// <summary>Downloaded and derived files that can be made again.</summary>
    public required string Cache { get; init; }

    /// <summary>The hub client's cache (<c>HF_HOME</c>/hub), shared with other tools.</summary>
    public required string HubCache { get; init; }

    /// <summary><c>$XDG_CACHE_HOME/heirloom</c> or the platform's own cache folder.</summary>
    public static Places OfUser()
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        var cache = Variable("XDG_CACHE_HOME")
            ?? (OperatingSystem.IsWindows() ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData) : Path.Combine(home, ".cache"));
        return new()
        {
            Cache = Path.Combine(cache, "heirloom"),
            HubCache = Path.Combine(Variable("HF_HOME") ?? Path.Combine(cache, "huggingface"), "hub"),
        };
    }

    private static string? Variable(string name)
    {
#pragma warning disable RS0030 // the one permitted use
        var value = Environment.GetEnvironmentVariable(name);
#pragma warning restore RS0030
        return string.IsNullOrWhiteSpace(value) ? null : value;
    }
}
