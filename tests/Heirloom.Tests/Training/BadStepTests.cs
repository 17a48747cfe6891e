using Heirloom.Training;
using Heirloom.Training.Optimizers;
using Heirloom.Training.Precision;
using Heirloom.Training.Schedules;
using static TorchSharp.torch;

namespace Heirloom.Tests.Training;

public class BadStepTests
{
    private static readonly TrainingConfig Config = new()
    {
        Steps = 40, Optimizer = new SgdConfig { LearningRate = 0.01 }, Schedule = new ConstantConfig(), Precision = PrecisionMode.Float32,
    };

    [Fact]
    public void ABadBatchIsNamed()
    {
        var message = Assert.Throws<UserError>(() => Fit(Config, NanAt(7))).Message;
        Assert.Contains("step 8, batch 7 of tiny-3-8: the loss is NaN (part squared_error), all weights are finite, so look at the batch", message);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void ABadMicroBatchIsNamed() =>
        Assert.Contains("step 3, batch 7 of", Assert.Throws<UserError>(() => Fit(Config with { Accumulate = 3 }, NanAt(7))).Message);

    [Fact]
    public void ABadWeightIsNamed()
    {
        using var model = new TinyConfig().Build(new(1));
        using (no_grad())
        {
            ((TorchSharp.Modules.Linear)model.children().First(c => c is TorchSharp.Modules.Linear { out_features: 1 })).bias!.fill_(float.NaN);
        }

        Assert.Contains("and so are weights, first in head.bias", Assert.Throws<UserError>(() => Fit(Config, new(new(3)), model)).Message);
    }

    [Fact]
    public void ABadGradientIsNamed()
    {
        using var model = new TinyConfig().Build(new(1));

        // √0 is 0 with an infinite slope; times 0 it is NaN
        var error = Assert.Throws<UserError>(() => new Trainer(Config, new(2), new()).Fit(
            model, (m, b, _) => new(m.call(b.Features).square().mean() + m.get_parameter("second.weight")!.mul(0).abs().sum().sqrt()), new TinyBatches(new(3))));
        Assert.Contains("the gradient is not finite, first in second.weight", error.Message);
    }

    [Fact]
    public void SkippedStepsLeaveWeightsAlone()
    {
        var notes = new Notes();
        var result = Fit(Config with { OnBadStep = BadStepAction.Skip }, NanAt(7, 20), work: new() { Progress = notes });
        Assert.Equal((40L, 2L, StopReason.Completed), (result.Steps, result.Skipped, result.StopReason));
        Assert.Equal(2, notes.Lines.Count(l => l.EndsWith("; skipped", StringComparison.Ordinal)));
        Assert.True(double.IsFinite(result.Losses[^1].Loss));
    }

    [Fact]
    public void TooManySkipsInARowStop()
    {
        var config = Config with { OnBadStep = BadStepAction.Skip, MaxSkips = 2 };
        Assert.Equal(2, Fit(config, NanAt(7, 8)).Skipped);
        Assert.Contains("the 2 steps before it were skipped as well", Assert.Throws<UserError>(() => Fit(config, NanAt(7, 8, 9))).Message);
    }

    [Fact]
    public void AnExplodingNormIsNoticed()
    {
        var batches = new TinyBatches(new(3)) { ChangeTargets = (step, y) => step == 30 ? y * 1e6 : y };
        var notes = new Notes();
        var config = Config with { ClipNorm = 1, ExplodingNorm = 50 };
        using var model = Plain();
        Assert.Equal(0, Fit(config, batches, model, new() { Progress = notes }).Skipped);
        Assert.Contains(notes.Lines, l => l.StartsWith("step 31, batch 30 of", StringComparison.Ordinal) && l.Contains("most of it in"));
        using var second = Plain();
        Assert.Equal(1, Fit(config with { OnExplodingNorm = ExplosionAction.Skip }, batches, second).Skipped);
        using var third = Plain();
        Assert.Contains("running mean", Assert.Throws<UserError>(() => Fit(config with { OnExplodingNorm = ExplosionAction.Stop }, batches, third)).Message);

        TinyModel Plain() => new TinyConfig { Dropout = 0, BatchNorm = false }.Build(new(1));
    }

    private static TinyBatches NanAt(params long[] steps) =>
        new(new(3)) { Change = (step, x) => steps.Contains(step) ? x.fill_(float.NaN) : x };

    private static TrainingResult Fit(TrainingConfig config, TinyBatches batches, TinyModel? model = null, WorkContext? work = null)
    {
        using var own = model is null ? new TinyConfig().Build(new(1)) : null;
        var trained = model ?? own!;
        return new Trainer(config, new(2), work ?? new()).Fit(trained, Tiny.SquaredError, batches);
    }

    private sealed class Notes : IProgressReporter
    {
        public List<string> Lines { get; } = [];

        public IProgressTask Begin(string title, long? total = null, string unit = "") => SilentProgress.Instance;

        public void Note(string line) => Lines.Add(line);
    }
}
