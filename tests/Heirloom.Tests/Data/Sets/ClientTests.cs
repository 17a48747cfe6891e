using System.Diagnostics;
using Heirloom.Data.Sets;

namespace Heirloom.Tests.Data.Sets;

/// <summary>The real clients, run against stand-in programs that behave as npm and apt-get do.</summary>
public sealed class ClientTests : IDisposable
{
    private static readonly Package _package = Package.Npm("letters", "1.0.0", 3, "");
    private readonly FakePackages _fake = new();

    public void Dispose() => _fake.Dispose();

    [Fact]
    public void Npm_is_asked_for_one_exact_archive_and_runs_no_scripts()
    {
        var path = Download(new NpmClient(Program("""echo "$@" >args; touch letters-1.0.0.tgz""")));
        Assert.Equal(Path.Combine(Folder, "letters-1.0.0.tgz"), path);
        var arguments = File.ReadAllText(Path.Combine(Folder, "args"));
        Assert.StartsWith("pack letters@1.0.0 ", arguments);
        Assert.Contains("--ignore-scripts", arguments);
    }

    [Fact]
    public void A_program_that_is_not_there_is_missing()
    {
        Assert.Contains("Node.js", new NpmClient(Path.Combine(_fake.Folder, "nowhere")).Missing());
        Assert.Contains("Debian", new AptClient(Path.Combine(_fake.Folder, "nowhere")).Missing());
        Assert.Null(new NpmClient(Program("exit 0")).Missing());
    }

    [Fact]
    public void What_npm_said_is_told()
    {
        var npm = new NpmClient(Program("""echo "npm error code ENOTFOUND" >&2; exit 1"""));
        var e = Assert.Throws<UserError>(() => Download(npm));
        Assert.Contains("code ENOTFOUND", e.Message);
        Assert.Contains("check the network", e.Message);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Fact]
    public void A_client_that_succeeds_without_an_archive_is_an_error() =>
        Assert.Contains("left no archive", Assert.Throws<UserError>(() => Download(new NpmClient(Program("exit 0")))).Message);

    [Fact]
    public void Stopping_ends_the_client_and_its_children()
    {
        using var stop = new CancellationTokenSource();
        var npm = new NpmClient(Program("sleep 600 & echo $! >child; wait"));
        var child = Path.Combine(Folder, "child");
        Assert.Throws<OperationCanceledException>(() => npm.Download(_package, State, Folder, () =>
        {
            if (File.Exists(child) && File.ReadAllText(child).Length > 0)
            {
                stop.Cancel();
            }
        }, stop.Token));
        var id = int.Parse(File.ReadAllText(child));
        Assert.True(SpinWait.SpinUntil(() => HasEnded(id), TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public void Apt_keeps_its_lists_in_a_private_folder_and_asks_for_the_pinned_build_first()
    {
        var apt = new AptClient(Program($"""
            echo "$3 $4 $5" | sed 's/-q //' >>{State}/calls
            case "$*" in
              *update*) touch {State}/apt/lists/some_Packages ;;
              *download*) touch letters_1.0.0_all.deb ;;
            esac
            """));
        Download(apt);
        Download(apt);
        Assert.Equal(["update", "download letters=1.0.0", "download letters=1.0.0"], File.ReadAllLines(Path.Combine(State, "calls")).Select(l => l.Trim()));
        Assert.Contains($"Dir::State::Lists \"{State}/apt/lists\";", File.ReadAllText(Path.Combine(State, "apt", "apt.conf")));
    }

    [Fact]
    public void Apt_takes_another_build_when_the_pinned_one_is_gone()
    {
        var apt = new AptClient(Program($"""
            case "$*" in
              *update*) touch {State}/apt/lists/some_Packages ;;
              *=*) echo "E: Version '1.0.0' was not found" >&2; exit 100 ;;
              *download*) touch letters_1.0.1_all.deb ;;
            esac
            """));
        Assert.EndsWith("letters_1.0.1_all.deb", Download(apt));
    }

    [Fact]
    public void What_apt_said_is_told()
    {
        var apt = new AptClient(Program("""echo "E: Temporary failure resolving" >&2; exit 100"""));
        Assert.Contains("failure resolving", Assert.Throws<UserError>(() => Download(apt)).Message);
    }

    private string Download(IPackageClient client) => client.Download(_package, State, Folder, () => { }, TestContext.Current.CancellationToken);

    private string State => Directory.CreateDirectory(Path.Combine(_fake.Folder, "state")).FullName;

    private string Folder => Directory.CreateDirectory(Path.Combine(_fake.Folder, "work")).FullName;

    /// <summary>Whether a process is gone, or waits to be collected by a parent that is gone itself.</summary>
    private static bool HasEnded(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            return File.Exists($"/proc/{id}/stat") && File.ReadAllText($"/proc/{id}/stat").Contains(") Z ", StringComparison.Ordinal);
        }
        catch (Exception e) when (e is ArgumentException or IOException)
        {
            return true;
        }
    }

    private string Program(string script)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the stand-ins are shell scripts");
        var path = Path.Combine(_fake.Folder, "program");
        File.WriteAllText(path, $"#!/bin/sh\n{script}\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        return path;
    }
}
