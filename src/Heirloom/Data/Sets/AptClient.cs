namespace Heirloom.Data.Sets;

/// <summary>
/// Downloads Debian packages with <c>apt-get download</c>, without root and without installing: the package lists are kept in a private
/// folder, because those of the system may be empty and only root may fill them.
/// </summary>
public sealed class AptClient(string program) : IPackageClient
{
    private readonly ClientProgram _apt = new(program);

    public AptClient() : this("apt-get")
    {
    }

    public string Name => "deb";

    public bool Rebuilds => true;

    public string? Missing() => _apt.Starts()
        ? null
        : $"'{program}' is not on PATH: this set comes in a Debian package, so use Debian, Ubuntu or a container of them, or copy the .deb file here (heirloom data get NAME --from FILE)";

    public string Download(Package package, string state, string folder, Action tick, CancellationToken stop)
    {
        var lists = Path.Combine(state, "apt", "lists");
        var settings = Path.Combine(state, "apt", "apt.conf");
        var fresh = false;
        if (!Directory.Exists(lists) || !File.Exists(settings))
        {
            Directory.CreateDirectory(Path.Combine(lists, "partial"));
            Directory.CreateDirectory(Path.Combine(state, "apt", "archives", "partial"));
            Atomic.WriteText(settings, Settings(Path.Combine(state, "apt")));
        }

        if (!Directory.EnumerateFiles(lists, "*Packages*").Any())
        {
            Update();
            fresh = true;
        }

        // the pinned build first; then newer lists; then whatever build this release serves, whose content is checked like any other
        var (code, said) = Get($"{package.Name}={package.Version}");
        if (code != 0 && !fresh)
        {
            Update();
            (code, said) = Get($"{package.Name}={package.Version}");
        }

        if (code != 0)
        {
            (code, said) = Get(package.Name);
        }

        if (code != 0)
        {
            throw new UserError($"apt-get could not download {package.Name} (exit code {code}): {said}", null, "check the network and apt's sources, then run it again");
        }

        return Directory.EnumerateFiles(folder, "*.deb").FirstOrDefault()
            ?? throw new UserError($"apt-get said that it downloaded {package.Name} but left no archive", null, "run it again");

        (int Code, string Said) Get(string what) => _apt.Run(["-c", settings, "-q", "download", what], folder, tick, stop);

        void Update()
        {
            var (failed, why) = _apt.Run(["-c", settings, "-q", "update"], folder, tick, stop);
            if (failed != 0)
            {
                throw new UserError($"apt-get could not read the package lists (exit code {failed}): {why}", null, "check the network and apt's sources, then run it again");
            }
        }
    }

    /// <summary>Read after the system's own settings, whose sources and proxies stay in force.</summary>
    private static string Settings(string folder)
    {
        if (folder.Contains('"'))
        {
            throw new UserError("apt cannot use a folder with a quotation mark in its name", folder, "choose another cache folder");
        }

        return $"""
            Dir::State::Lists "{folder}/lists";
            Dir::Cache "{folder}";
            Dir::Cache::pkgcache "";
            Dir::Cache::srcpkgcache "";
            Debug::NoLocking "1";
            Acquire::Languages "none";
            APT::Sandbox::User "";
            #clear APT::Update::Pre-Invoke;
            #clear APT::Update::Post-Invoke;
            #clear APT::Update::Post-Invoke-Success;

            """;
    }
}
