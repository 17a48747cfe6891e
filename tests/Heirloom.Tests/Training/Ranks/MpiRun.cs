using System.Diagnostics;
using Heirloom.Training.Ranks;

namespace Heirloom.Tests.Training.Ranks;

/// <summary>Starts programs by <c>mpirun</c> where Open MPI is installed.</summary>
internal static class MpiRun
{
    public static void SkipWithoutMpi() => Assert.SkipUnless(MpiRanks.IsInstalled && Find() is not null, "Open MPI is not installed (Debian: openmpi-bin)");

    /// <summary>The command line's own program as so many ranks.</summary>
    public static Process Heirloom(string folder, int ranks, params string[] args) => Start(
        folder, ranks, ["dotnet", Path.Combine(AppContext.BaseDirectory, "Heirloom.Cli.dll"), .. args, "--threads", "1"]);

    public static Process Start(string folder, int ranks, params string[] command)
    {
        string[] options = ["--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "-np", $"{ranks}"];
        return Process.Start(new ProcessStartInfo(Find()!, [.. options, .. command])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["XDG_CACHE_HOME"] = Path.Combine(folder, "cache") },
        })!;
    }

    /// <summary>Waits, and gives all that was said.</summary>
    public static (int Code, string Out, string Error) Finish(this Process process)
    {
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        Assert.True(process.WaitForExit(120_000), "did not end");
        return (process.ExitCode, output, error.Result);
    }

    /// <summary>The process of a rank, by the launcher's variable.</summary>
    public static Process Rank(Process mpirun, int rank)
    {
        var variable = TextEncoding.UTF8.GetBytes($"OMPI_COMM_WORLD_RANK={rank}\0");
        for (var tries = 0; ; tries++)
        {
            Assert.True(tries < 1000 && !mpirun.HasExited, "no such rank");
            foreach (var folder in Directory.GetDirectories("/proc").Where(d => int.TryParse(Path.GetFileName(d), out _)))
            {
                try
                {
                    // after its name in brackets, the second field is the parent's number
                    var stat = File.ReadAllText(Path.Combine(folder, "stat"));
                    if (stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1] == $"{mpirun.Id}" && File.ReadAllBytes(Path.Combine(folder, "environ")).AsSpan().IndexOf(variable) >= 0)
                    {
                        return Process.GetProcessById(int.Parse(Path.GetFileName(folder)));
                    }
                }
                catch (IOException)
                {
                    // it has just ended
                }
            }

            Thread.Sleep(10);
        }
    }

    private static string? Find() => new[] { "/usr/bin/mpirun", "/usr/local/bin/mpirun" }.FirstOrDefault(File.Exists);
}
