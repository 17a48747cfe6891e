using Heirloom.Training;
using Heirloom.Training.Optimizers;
using Heirloom.Training.Precision;
using Heirloom.Training.Schedules;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Tests.Training;

public class TrainerTests
{
    private static readonly TrainingConfig Config = new() { Steps = 60, Optimizer = new AdamWConfig { LearningRate = 1e-2 }, Precision = PrecisionMode.Float32 };

    [Fact]
    public void LossFalls()
    {
        using var model = new TinyConfig { Dropout = 0 }.Build(new Seed(1));
        var result = new Trainer(Config with { Steps = 200 }, new Seed(2), new()).Fit(model, Tiny.SquaredError, new TinyBatches(new(3), rows: 32));
        Assert.Equal(200, result.Losses.Count);
        Assert.Equal(StopReason.Completed, result.StopReason);
        Assert.True(result.Losses.TakeLast(10).Average(l => l.Loss) < 0.6 * result.Losses.Take(10).Average(l => l.Loss));
    }

    [Fact]
    public void SameSeedSameBits()
    {
        IReadOnlyDictionary<string, byte[]> Run()
        {
            using var model = new TinyConfig().Build(new Seed(1));
            new Trainer(Config, new Seed(2), new()).Fit(model, Tiny.SquaredError, new TinyBatches(new(3)));
            return Tiny.Bits(model);
        }

        var (a, b) = (Run(), Run());
        Assert.All(a, p => Assert.Equal(p.Value, b[p.Key]));
    }

    [Fact]
    public void LeaksNoTensors()
    {
        void Run(TinyModel model) => new Trainer(Config with { Steps = 5 }, new Seed(2), new()).Fit(model, Tiny.SquaredError, new TinyBatches(new(3)));
        using var model = new TinyConfig().Build(new Seed(1));
        Run(model);
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        Run(model);
        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }
}
