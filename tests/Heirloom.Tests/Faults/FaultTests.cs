using System.Diagnostics;
using Heirloom.Objectives;
using Heirloom.Tests.Training;
using Heirloom.Training;
using Heirloom.Training.Precision;
using static TorchSharp.torch;

namespace Heirloom.Tests.Faults;

/// <summary>What can go wrong around a training: it says so in one line, and what was saved is good. (A batch that is not a number: BadStepTests; two
/// processes in one folder and damaged snapshots: ResumeTests; shards: WeightsFolderTests.)</summary>
public class FaultTests
{
    private static readonly TrainingConfig Config = new() { Steps = 12, SaveEvery = 1, LogEvery = 1, KeepSnapshots = 100, Precision = PrecisionMode.Float32 };

    [Fact]
    public void AFullDiskIsToldAndTheRunGoesOnWhenThereIsSpace()
    {
        using var folder = new TemporaryFolder();
        var disk = folder / "disk";
        Directory.CreateDirectory(disk);
        Assert.SkipUnless(Mount("-t", "tmpfs", "-o", "size=160k", "tmpfs", disk), "small file systems cannot be mounted here (needs root on Linux)");
        try
        {
            var message = Assert.Throws<UserError>(() => Train(Config, disk)).Message;
            Assert.Contains("cannot write", message);
            Assert.DoesNotContain('\n', message);
            Assert.NotEmpty(Directory.GetDirectories(Path.Combine(disk, "training"), "step-??????????"));
            Assert.True(Mount("-o", "remount,size=10m", disk));
            using var resumed = Train(Config, disk).Model;
            using var whole = Train(Config, null).Model;
            Tiny.AssertSameBits(Tiny.Bits(whole), resumed);
        }
        finally
        {
            Run("umount", "--lazy", disk); // what failed may hold a file until its finalizer has run
        }
    }

    [Fact]
    public void AStepWithoutMemoryIsToldAndResumes()
    {
        using var folder = new TemporaryFolder();
        var error = Assert.Throws<UserError>(() => Train(Config, folder.Path, (step, loss) => step == 5 ? empty(1L << 50) : loss));
        Assert.StartsWith("step 6: there is not enough memory for it", error.Message);
        using var resumed = Train(Config, folder.Path).Model;
        using var whole = Train(Config, null).Model;
        Tiny.AssertSameBits(Tiny.Bits(whole), resumed);
    }

    [Fact]
    public void AClockThatGoesBackChangesNothing()
    {
        using var folder = new TemporaryFolder();
        var clock = new ManualClock();
        clock.Advance(TimeSpan.FromDays(1));
        Train(Config, folder.Path, clock: clock, stopAt: 4, after: () => clock.Advance(TimeSpan.FromHours(-1)));
        clock.Advance(TimeSpan.FromHours(-6));
        using var resumed = Train(Config, folder.Path, clock: clock, after: () => clock.Advance(TimeSpan.FromSeconds(-1))).Model;
        using var whole = Train(Config, null).Model;
        Tiny.AssertSameBits(Tiny.Bits(whole), resumed);
        Assert.Equal(12, File.ReadLines(folder / "metrics.jsonl").Count());

        // TensorBoard reads by name, and the older file is the longer-lived
        var events = Directory.GetFiles(folder / "tensorboard").Order(StringComparer.Ordinal).ToList();
        Assert.Equal(events.OrderBy(f => new FileInfo(f).CreationTimeUtc), events);
        Assert.Equal(2, events.Count);
    }

    private static (TinyModel Model, TrainingResult Result) Train(
        TrainingConfig config, string? folder, Func<long, Tensor, Tensor>? change = null, TimeProvider? clock = null, long? stopAt = null, Action? after = null)
    {
        var model = new TinyConfig().Build(new(1));
        using var run = folder is null ? null : new TrainingRun(folder) { StopAt = stopAt };
        using var scope = NewDisposeScope();
        var step = 0L;
        Objective<TinyModel, TinyBatch> objective = (m, batch, seed) =>
        {
            var loss = Tiny.SquaredError(m, batch, seed);
            return change is null ? loss : new(change(step, loss.Total));
        };
        var result = new Trainer(config, new(2), new() { Clock = clock ?? TimeProvider.System }).Fit(model, objective, new TinyBatches(new(3)), run, new Callback(s =>
        {
            step = s.Step;
            after?.Invoke();
        }));
        return (model, result);
    }

    private static bool Mount(params string[] options) => OperatingSystem.IsLinux() && Run("mount", options);

    private static bool Run(string program, params string[] words)
    {
        using var process = Process.Start(new ProcessStartInfo(program, words) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
