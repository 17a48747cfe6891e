using System.Diagnostics;

namespace Heirloom.Tests.Faults;

/// <summary>A program that is killed at random moments of its work: this assembly's own executable, told to run one explicit method, which reads its folder from its input.</summary>
internal static class KilledProgram
{
    private const string Begun = "begun";

    /// <summary>Called by the program when its work begins.</summary>
    public static string Begin()
    {
        var folder = Console.ReadLine()!;
        File.WriteAllText(Path.Combine(folder, Begun), "");
        return folder;
    }

    /// <summary>Kills it at so many moments, spread over the time that the work takes; a run that ends by itself does not count.</summary>
    /// <param name="method">Full name of the explicit method.</param>
    /// <param name="kills">How many.</param>
    /// <param name="folder">Where it works.</param>
    /// <param name="check">Called after each kill and each end.</param>
    /// <param name="forget">Removes what an end has left, so that there is work again.</param>
    public static void Kill(string method, int kills, TemporaryFolder folder, Action check, Action forget)
    {
        var random = new Seed((ulong)Environment.ProcessId).Random();
        var took = Finish(method, folder);
        check();
        forget();
        for (var killed = 0; killed < kills;)
        {
            using var program = Start(method, folder);
            Thread.Sleep(took * random.NextDouble());
            var alive = !program.HasExited;
            program.Kill();
            program.WaitForExit();
            Assert.True(alive || program.ExitCode == 0, alive ? "" : program.StandardOutput.ReadToEnd());
            killed += alive ? 1 : 0;
            check();
            if (!alive)
            {
                forget();
            }
        }

        Finish(method, folder);
        check();
    }

    /// <summary>Runs it to its end, and says how long its work took.</summary>
    public static TimeSpan Finish(string method, TemporaryFolder folder)
    {
        using var program = Start(method, folder);
        var watch = Stopwatch.StartNew();
        var output = program.StandardOutput.ReadToEnd();
        Assert.True(program.WaitForExit(120_000) && program.ExitCode == 0, output);
        return watch.Elapsed;
    }

    /// <summary>Starts it and returns when its work begins.</summary>
    private static Process Start(string method, TemporaryFolder folder)
    {
        File.Delete(folder / Begun);
        var path = Path.Combine(AppContext.BaseDirectory, "Heirloom.Tests" + (OperatingSystem.IsWindows() ? ".exe" : ""));
        var program = Process.Start(new ProcessStartInfo(path, ["-method", method, "-explicit", "only"]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        program.StandardInput.WriteLine(folder.Path);
        while (!File.Exists(folder / Begun))
        {
            Assert.False(program.HasExited, "ended before it began");
            Thread.Sleep(1);
        }

        return program;
    }
}
