using Heirloom.Training;
using Heirloom.Training.Hooks;
using Heirloom.Training.Optimizers;
using Heirloom.Training.Precision;
using Heirloom.Training.Schedules;
using static TorchSharp.torch;

namespace Heirloom.Tests.Training;

public class HookTests
{
    private static readonly TrainingConfig Config = new()
    {
        Steps = 20, Optimizer = new SgdConfig { LearningRate = 0.05, Momentum = 0 }, Schedule = new ConstantConfig(), Precision = PrecisionMode.Float32, EvaluateEvery = 2,
    };

    [Fact]
    public void EvaluationIsRecordedInEvaluationModeAndLeavesTrainingAlone()
    {
        using var plain = new TinyConfig().Build(new(1));
        using var evaluated = new TinyConfig().Build(new(1));
        Fit(plain, Config);
        var modes = new List<bool>();
        var result = Fit(evaluated, Config with { EvaluateEvery = 6 }, new EvaluateEvery(() =>
        {
            modes.Add(evaluated.training || is_grad_enabled());
            new Seed(99).Pin();
            return new Dictionary<string, double> { ["score"] = modes.Count };
        }));
        Assert.Equal([false, false, false, false], modes); // 6, 12, 18, 20
        Assert.Equal(4, result.Scores["score"]);
        Assert.True(evaluated.training);
        Tiny.AssertSameBits(Tiny.Bits(plain), evaluated);
    }

    [Fact]
    public void EarlyStoppingWaitsThenRestoresTheBestWeights()
    {
        using var model = new TinyConfig().Build(new(1));
        var scores = new[] { 5, 3, 2.95, 4, 9, 1 }; // 2.95 improves by too little
        var bits = new List<IReadOnlyDictionary<string, byte[]>>();
        var result = Fit(model, Config with { EarlyStopping = new() { Score = "score", Patience = 2, MinDelta = 0.1 } }, new EvaluateEvery(() =>
        {
            bits.Add(Tiny.Bits(model));
            return new Dictionary<string, double> { ["score"] = scores[bits.Count - 1] };
        }));
        Assert.Equal((10L, StopReason.EarlyStopped), (result.Steps, result.StopReason));
        Tiny.AssertSameBits(bits[1], model);
    }

    [Fact]
    public void EarlyStoppingOnAnUnknownScoreIsRefused()
    {
        using var model = new TinyConfig().Build(new(1));
        var config = Config with { EarlyStopping = new() { Score = "acuracy" } };
        Assert.Contains("needs an evaluation", Assert.Throws<UserError>(() => Fit(model, config)).Message);
        var evaluation = new EvaluateEvery(() => new Dictionary<string, double> { ["accuracy"] = 1 });
        Assert.Contains("did you mean 'accuracy'?", Assert.Throws<UserError>(() => Fit(model, config, evaluation)).Message);
    }

    [Fact]
    public void EmaIsItsRecurrence()
    {
        using var model = new TinyConfig().Build(new(1));
        var history = new List<float[]> { Weights(model) };
        Fit(model, Config with { Ema = new() { Decay = 0.8, WarmUp = false } }, new Callback(_ => history.Add(Weights(model))));
        var average = history[0];
        foreach (var weights in history.Skip(1))
        {
            average = [.. average.Zip(weights, (a, w) => (0.8f * a) + (0.2f * w))];
        }

        Assert.All(average.Zip(Weights(model)), p => Assert.Equal(p.First, p.Second, 1e-5f));
    }

    [Fact]
    public void EmaWarmsUp()
    {
        using var model = new TinyConfig().Build(new(1));
        using var ema = new Ema(new() { Decay = 0.999 }, model);
        var before = Weights(model)[0];
        using (no_grad())
        {
            model.parameters().First().add_(1);
        }

        ema.Update();
        using var averaged = ema.SwapIn();
        Assert.Equal(before + 0.9, Weights(model)[0], 1e-5); // keeps (1 + 0) / (10 + 0)
    }

    [Fact]
    public void EvaluationSeesAveragedWeightsAndGivesTheOthersBack()
    {
        using var plain = new TinyConfig().Build(new(1));
        using var averaged = new TinyConfig().Build(new(1));
        Fit(plain, Config);
        var seen = new List<float[]>();
        var raw = new List<float[]>();
        Fit(
            averaged,
            Config with { Ema = new() { Keep = false }, EvaluateEvery = 20 },
            new Callback(_ => raw.Add(Weights(averaged))),
            new EvaluateEvery(() =>
            {
                seen.Add(Weights(averaged));
                return new Dictionary<string, double>();
            }));
        Assert.NotEqual(raw[^1], seen[0]);
        Assert.Equal(raw[^1], Weights(averaged));
        Tiny.AssertSameBits(Tiny.Bits(plain), averaged);
    }

    private static float[] Weights(TinyModel model) => model.parameters().First().detach().flatten().data<float>().ToArray();

    private static TrainingResult Fit(TinyModel model, TrainingConfig config, params IReadOnlyList<IHook> hooks) =>
        new Trainer(config, new(2), new()).Fit(model, Tiny.SquaredError, new TinyBatches(new(3)), null, hooks);
}
