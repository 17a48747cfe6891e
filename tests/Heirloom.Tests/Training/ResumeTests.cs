using Heirloom.Training;
using Heirloom.Training.Hooks;
using Heirloom.Training.Optimizers;
using Heirloom.Training.Precision;
using Heirloom.Training.Schedules;
using static TorchSharp.torch;

namespace Heirloom.Tests.Training;

public class ResumeTests
{
    private static readonly TrainingConfig Config = new()
    {
        Steps = 12,
        Optimizer = new AdamWConfig { LearningRate = 1e-2 },
        SaveEvery = 4,
        EvaluateEvery = 3,
        LogEvery = 1,
        Accumulate = 2,
        Ema = new(),
        EarlyStopping = new() { Score = "validation", Patience = 100 },
    };

    public static TheoryData<string, long> OptimizersAndStops()
    {
        var data = new TheoryData<string, long>();
        foreach (var kind in Settings.Kinds(typeof(OptimizerConfig)).Keys)
        {
            foreach (var stop in new long[] { 1, 4, 7, 11 })
            {
                data.Add(kind, stop);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(OptimizersAndStops))]
    public void ResumedIsUninterruptedBitForBit(string kind, long stop)
    {
        var config = Config with { Optimizer = (OptimizerConfig)Activator.CreateInstance(Settings.Kinds(typeof(OptimizerConfig))[kind])! };
        using var folder = new TemporaryFolder();
        using var whole = Train(config, null).Model;
        var (paused, first) = Train(config, folder.Path, stop);
        paused.Dispose();
        Assert.Equal((stop, StopReason.Paused), (first.Steps, first.StopReason));
        var (resumed, second) = Train(config, folder.Path);
        using var _ = resumed;
        Assert.Equal((12L, StopReason.Completed, 12 - stop), (second.Steps, second.StopReason, (long)second.Losses.Count));
        Tiny.AssertSameBits(Tiny.Bits(whole), resumed);
    }

    [Fact]
    public void SavingChangesNothing()
    {
        using var folder = new TemporaryFolder();
        using var without = Train(Config, null).Model;
        using var with = Train(Config with { SaveEvery = 1, LogEvery = 5 }, folder.Path).Model;
        Tiny.AssertSameBits(Tiny.Bits(without), with);
    }

    [Fact]
    public void AFinishedRunHasNothingToDoAndGivesTheSameModel()
    {
        using var folder = new TemporaryFolder();
        using var once = Train(Config, folder.Path).Model;
        var (twice, result) = Train(Config, folder.Path);
        using var _ = twice;
        Assert.Empty(result.Losses);
        Tiny.AssertSameBits(Tiny.Bits(once), twice);
    }

    [Fact]
    public void KeepsTheNewestSnapshots()
    {
        using var folder = new TemporaryFolder();
        Train(Config with { SaveEvery = 2, KeepSnapshots = 3 }, folder.Path).Model.Dispose();
        Assert.Equal(
            ["step-0000000008", "step-0000000010", "step-0000000012"],
            Directory.GetDirectories(folder / "training").Select(Path.GetFileName).Order());
    }

    [Fact]
    public void ADamagedSnapshotGivesWayToTheOneBeforeIt()
    {
        using var folder = new TemporaryFolder();
        using var whole = Train(Config, null).Model;
        Train(Config, folder.Path, 9).Model.Dispose();
        var newest = Directory.GetDirectories(folder / "training").Order().Last();
        var file = Path.Combine(newest, "model.safetensors");
        var bytes = File.ReadAllBytes(file);
        bytes[^3] ^= 1;
        File.WriteAllBytes(file, bytes);
        var (resumed, result) = Train(Config, folder.Path);
        using var _ = resumed;
        Assert.Equal(4, result.Losses.Count); // from step 8
        Tiny.AssertSameBits(Tiny.Bits(whole), resumed);
    }

    [Fact]
    public void LeftoversOfAKilledRunAreSwept()
    {
        using var folder = new TemporaryFolder();
        Train(Config, folder.Path, 5).Model.Dispose();
        Directory.CreateDirectory(folder / "training/step-0000000007.partial-1-1");
        Directory.CreateDirectory(folder / "training/step-0000000002.old");
        Train(Config, folder.Path).Model.Dispose();
        Assert.Equal(2, Directory.GetDirectories(folder / "training").Length);
    }

    [Fact]
    public void OtherSettingsAreRefusedByName()
    {
        using var folder = new TemporaryFolder();
        Train(Config, folder.Path, 5).Model.Dispose();
        Refused("train.optimizer.learning_rate was 0.01 and is 0.02", Config with { Optimizer = new AdamWConfig { LearningRate = 0.02 } });
        Refused("train.optimizer.kind was adamw and is lion", Config with { Optimizer = new LionConfig() });
        Refused("train.clip_norm was 1 and is null", Config with { ClipNorm = null });
        Refused("training.ema.decay was 0.999 and is 0.9", Config with { Ema = new() { Decay = 0.9 } });
        Refused("model.hidden was 16 and is 8", Config, new() { Hidden = 8 });
        Refused("learning rates of the 5 steps made would have been others", Config with { Steps = 40 });
        Refused("has made 5 steps already, more than the 4", Config with { Steps = 4 });

        // what does not reach into the past may change
        Train(Config with { SaveEvery = 1, LogEvery = 3, KeepSnapshots = 1 }, folder.Path).Model.Dispose();

        void Refused(string text, TrainingConfig config, TinyConfig? model = null)
        {
            var error = Assert.Throws<UserError>(() => Train(config, folder.Path, model: model).Model.Dispose());
            Assert.Contains(text, error.Message);
            Assert.DoesNotContain('\n', error.Message);
        }
    }

    [Fact]
    public void AScheduleWithTheSamePastMayGoOn()
    {
        using var folder = new TemporaryFolder();
        var endless = Config with { Schedule = new InfiniteConfig { WarmUp = 2, CoolDown = 3 } };
        Train(endless, folder.Path).Model.Dispose();
        var (model, result) = Train(endless with { Steps = 20, Schedule = new InfiniteConfig { WarmUp = 2, CoolDown = 3, Anneal = 6 } }, folder.Path);
        model.Dispose();
        Assert.Equal((20L, 8), (result.Steps, result.Losses.Count));
    }

    [Fact]
    public void ANewerSnapshotIsRefused()
    {
        using var folder = new TemporaryFolder();
        Train(Config, folder.Path, 5).Model.Dispose();
        var state = Path.Combine(Directory.GetDirectories(folder / "training").Order().Last(), "state.json");
        File.WriteAllText(state, File.ReadAllText(state).Replace("\"format\": 1", "\"format\": 99"));
        Assert.Contains("newer version", Assert.Throws<UserError>(() => Train(Config, folder.Path)).Message);
    }

    [Fact]
    public void TwoRunsInOneFolderAreRefused()
    {
        using var folder = new TemporaryFolder();
        using var first = new TrainingRun(folder.Path);
        Assert.Contains("another run", Assert.Throws<UserError>(() => new TrainingRun(folder.Path)).Message);
        first.Dispose();
        new TrainingRun(folder.Path).Dispose();
    }

    [Fact]
    public void AFolderThatCannotBeMadeIsRefused()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder / "file", "");
        Assert.Throws<UserError>(() => new TrainingRun(folder / "file/run"));
    }

    [Fact]
    public void ASnapshotThatCannotBeWrittenStopsTheTrainingAndTheOneBeforeItIsGood()
    {
        using var folder = new TemporaryFolder();
        Train(Config, folder.Path, 5).Model.Dispose();
        var kept = folder / "kept";
        var error = Assert.Throws<UserError>(() => Train(Config, folder.Path, hook: new Callback(s =>
        {
            if (s.Step == 6)
            {
                Directory.Move(folder / "training", kept);
                File.WriteAllText(folder / "training", "no folder");
            }
        })));
        Assert.Contains("cannot write", error.Message);
        File.Delete(folder / "training");
        Directory.Move(kept, folder / "training");
        using var resumed = Train(Config, folder.Path, hook: new Callback(_ => { })).Model;
        using var whole = Train(Config, null).Model;
        Tiny.AssertSameBits(Tiny.Bits(whole), resumed);
    }

    [Fact]
    public void StoppingSavesAndResumes()
    {
        using var folder = new TemporaryFolder();
        using var whole = Train(Config, null).Model;
        using var stop = new CancellationTokenSource();
        var (interrupted, first) = Train(Config, folder.Path, hook: new Callback(s =>
        {
            if (s.Step == 6)
            {
                stop.Cancel();
            }
        }), stop: stop.Token);
        interrupted.Dispose();
        Assert.Equal((6L, StopReason.Interrupted), (first.Steps, first.StopReason));
        using var resumed = Train(Config, folder.Path, hook: new Callback(_ => { })).Model;
        Tiny.AssertSameBits(Tiny.Bits(whole), resumed);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(9)]
    [InlineData(12)]
    public void AStopDuringAnEvaluationLosesNothingAndTheEvaluationIsMadeUpFor(long at)
    {
        using var a = new TemporaryFolder();
        using var b = new TemporaryFolder();
        var (whole, expected) = Train(Config, a.Path);
        using var _ = whole;
        using var stop = new CancellationTokenSource();
        var due = at / 3;
        var (interrupted, first) = Train(Config, b.Path, evaluating: () =>
        {
            if (--due == 0)
            {
                stop.Cancel();
                stop.Token.ThrowIfCancellationRequested();
            }
        }, stop: stop.Token);
        interrupted.Dispose();
        Assert.Equal((at, StopReason.Interrupted, at), (first.Steps, first.StopReason, (long)first.Losses.Count));

        // and once more, before the evaluation is made up for
        var (again, nothing) = Train(Config, b.Path, stop: stop.Token);
        again.Dispose();
        Assert.Equal((at, StopReason.Interrupted, 0), (nothing.Steps, nothing.StopReason, nothing.Losses.Count));

        var evaluations = 0;
        var (resumed, second) = Train(Config, b.Path, evaluating: () => evaluations++);
        using var __ = resumed;
        Assert.Equal((12L, StopReason.Completed, 12 - at), (second.Steps, second.StopReason, (long)second.Losses.Count));
        Assert.Equal(5 - (at / 3), evaluations);
        Assert.Equal(expected.Scores, second.Scores);
        Assert.Equal(Lines(a), Lines(b));
        Tiny.AssertSameBits(Tiny.Bits(whole), resumed);
    }

    [Fact]
    public void AFailureOfTheLastEvaluationDoesNotLoseTheTraining()
    {
        using var folder = new TemporaryFolder();
        var config = Config with { EvaluateEvery = 0 };
        using var whole = Train(config, null).Model;
        Assert.Throws<InvalidOperationException>(() => Train(config, folder.Path, evaluating: () => throw new InvalidOperationException()));
        var (resumed, result) = Train(config, folder.Path);
        using var _ = resumed;
        Assert.Equal((12L, StopReason.Completed, 0), (result.Steps, result.StopReason, result.Losses.Count));
        Assert.Contains("validation", result.Scores.Keys);
        Tiny.AssertSameBits(Tiny.Bits(whole), resumed);
    }

    [Fact]
    public void ACancellationThatNobodyAskedForIsAnError()
    {
        using var folder = new TemporaryFolder();
        Assert.Throws<OperationCanceledException>(() => Train(Config, folder.Path, evaluating: () => throw new OperationCanceledException()));
    }

    [Theory]
    [InlineData(2, true)]
    [InlineData(0.2, false)] // the steps made would have been others
    public void BeforeItsDecayWsdMayGoOnWithMoreStepsWhereItsWarmUpIsInSteps(double warmUp, bool goesOn)
    {
        using var folder = new TemporaryFolder();
        var config = Config with { Schedule = new WarmUpStableDecayConfig { WarmUp = warmUp, Decay = 0.25 } };
        Train(config, folder.Path, stopAt: 8).Model.Dispose();
        var longer = config with { Steps = 20 };
        if (!goesOn)
        {
            Assert.Contains("lengths of the schedule in steps", Assert.Throws<UserError>(() => Train(longer, folder.Path)).Message);
            return;
        }

        using var whole = Train(longer, null).Model;
        using var resumed = Train(longer, folder.Path).Model;
        Tiny.AssertSameBits(Tiny.Bits(whole), resumed);
    }

    [Theory]
    [InlineData(0.2, 3)]
    [InlineData(2, 0.5)]
    public void AnInfiniteScheduleOfSharesHasAnotherPastWithMoreSteps(double warmUp, double coolDown)
    {
        using var folder = new TemporaryFolder();
        var config = Config with { Schedule = new InfiniteConfig { WarmUp = warmUp, CoolDown = coolDown } };
        Train(config, folder.Path).Model.Dispose();
        Assert.Contains("lengths of the schedule in steps", Assert.Throws<UserError>(() => Train(config with { Steps = 20 }, folder.Path)).Message);
    }

    [Fact]
    public void MetricsAreAsIfNothingHadHappened()
    {
        using var a = new TemporaryFolder();
        using var b = new TemporaryFolder();
        Train(Config, a.Path).Model.Dispose();
        Train(Config, b.Path, 7).Model.Dispose();
        File.AppendAllText(b / "metrics.jsonl", "{\"step\":8,\"loss\":1}\n{\"step\":9,\"lo"); // killed after step 8, without a snapshot of it
        Train(Config, b.Path).Model.Dispose();
        Assert.Equal(Lines(a), Lines(b));
        Assert.Equal(12, Lines(a).Length);
    }

    /// <summary>The metrics without those that time decides.</summary>
    private static string[] Lines(TemporaryFolder folder) =>
        [.. File.ReadLines(folder / "metrics.jsonl").Select(l => System.Text.RegularExpressions.Regex.Replace(l, @",""(examples_per_second|seconds)"":[^,}]*", ""))];

    internal static (TinyModel Model, TrainingResult Result) Train(
        TrainingConfig config, string? folder, long? stopAt = null, TinyConfig? model = null, IHook? hook = null, Action? evaluating = null, CancellationToken stop = default)
    {
        var built = (model ?? new()).Build(new Seed(1));
        using var run = folder is null ? null : new TrainingRun(folder) { StopAt = stopAt };
        using var scope = NewDisposeScope();
        var held = new TinyBatches(new(9), rows: 32).At(0);
        var result = new Trainer(config with { Precision = PrecisionMode.Float32 }, new Seed(2), new() { Stop = stop }).Fit(
            built, Tiny.SquaredError, new TinyBatches(new(3)), run, [
                new EvaluateEvery(() =>
                {
                    evaluating?.Invoke();
                    return new Dictionary<string, double> { ["validation"] = Tiny.SquaredError(built, held, new(0)).Total.item<float>() };
                }),
                .. hook is null ? [] : new[] { hook }]);
        return (built, result);
    }
}

internal sealed class Callback(Action<TrainingStep> action) : IHook
{
    public void After(TrainingStep step) => action(step);
}
