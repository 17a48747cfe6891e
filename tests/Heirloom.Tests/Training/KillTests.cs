using System.Diagnostics;
using Heirloom.Checkpoints;
using Heirloom.Training;
using Heirloom.Training.Hooks;
using static TorchSharp.torch;

namespace Heirloom.Tests.Training;

/// <summary>SIGKILL at any moment and resumption give the bits of an uninterrupted run.</summary>
public class KillTests
{
    private const string ProgressFile = "progress", ResultFile = "result.safetensors";
    private const long Steps = 120;

    private static readonly TrainingConfig Config = new() { Steps = Steps, SaveEvery = 3, EvaluateEvery = 5, LogEvery = 1, Ema = new(), Accumulate = 2 };

    /// <summary>The program that is killed: this assembly's own executable told to run this method alone; it reads the run's folder from its input.</summary>
    [Fact(Explicit = true)]
    public void Child()
    {
        var folder = Console.ReadLine()!;
        using var progress = new FileStream(Path.Combine(folder, ProgressFile), FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read);
        var (model, result) = ResumeTests.Train(Config, folder, hook: new Callback(step =>
        {
            progress.Position = 0;
            progress.Write(BitConverter.GetBytes(step.Step));
            progress.Flush();
        }));
        using var _ = model;
        Assert.Equal(StopReason.Completed, result.StopReason);
        Safetensors.Write(Path.Combine(folder, ResultFile), model.state_dict());
    }

    [Fact]
    public void KilledAndResumedIsUninterrupted() => Kill(3);

    /// <summary>A third of the time is saving.</summary>
    [Fact(Explicit = true)]
    public void FiftyKillsDuringTrainingAndSaving() => Kill(50);

    private static void Kill(int kills)
    {
        using var folder = new TemporaryFolder();
        var random = new Seed((ulong)Environment.ProcessId).Random(); // another moment each time: a failure shows its steps below
        var killedAt = new List<long>();
        for (var i = 1; i <= kills; i++)
        {
            // somewhere in its part of the run, at no particular place of a step: saving takes much of each
            var target = (i - 1 + random.NextDouble()) * Steps / (kills + 1);
            using var child = Start(folder.Path);
            while (!child.HasExited && StepOf(folder) < target)
            {
                Thread.Sleep(1);
            }

            Thread.Sleep(random.Next(12));
            Assert.False(child.HasExited, $"ended by itself: {child.StandardOutput.ReadToEnd()}");
            child.Kill();
            child.WaitForExit();
            killedAt.Add(StepOf(folder));
        }

        using (var last = Start(folder.Path))
        {
            var output = last.StandardOutput.ReadToEnd();
            Assert.True(last.WaitForExit(60_000) && last.ExitCode == 0, output);
        }

        using var whole = ResumeTests.Train(Config, null, hook: new Callback(_ => { })).Model;
        using var scope = NewDisposeScope();
        using var result = Safetensors.Open(folder / ResultFile);
        foreach (var (name, value) in whole.state_dict())
        {
            Assert.True(result.Read(name).bytes.SequenceEqual(value.detach().contiguous().bytes), $"{name} differs after kills at steps {string.Join(", ", killedAt)}");
        }

        Assert.Equal(Steps, File.ReadLines(folder / "metrics.jsonl").Count());
    }

    private static long StepOf(TemporaryFolder folder)
    {
        if (!File.Exists(folder / ProgressFile))
        {
            return 0;
        }

        using var stream = new FileStream(folder / ProgressFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var bytes = new byte[sizeof(long)];
        return stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) == bytes.Length ? BitConverter.ToInt64(bytes) : 0;
    }

    private static Process Start(string folder)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "Heirloom.Tests" + (OperatingSystem.IsWindows() ? ".exe" : ""));
        var child = Process.Start(new ProcessStartInfo(program, ["-method", $"{typeof(KillTests).FullName}.{nameof(Child)}", "-explicit", "only"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        child.StandardInput.WriteLine(folder);
        return child;
    }
}
