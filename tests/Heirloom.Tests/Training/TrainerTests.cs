using Heirloom.Data;
using Heirloom.Models.Text;
using Heirloom.Objectives;
using Heirloom.Training;
using Heirloom.Training.Hooks;
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

    [Theory]
    [InlineData(PrecisionMode.Auto)]
    [InlineData(PrecisionMode.Float32)]
    public void ATransformerResumesBitForBit(PrecisionMode precision)
    {
        var config = Config with { Steps = 6, Precision = precision, Accumulate = 2 };
        using var folder = new TemporaryFolder();
        var whole = Run(null, null);
        Run(folder.Path, 3);
        Assert.All(Run(folder.Path, null), p => Assert.True(p.Value.AsSpan().SequenceEqual(whole[p.Key]), p.Key));

        IReadOnlyDictionary<string, byte[]> Run(string? path, long? stopAt)
        {
            using var model = (Decoder)DecoderConfig.Gpt2(50, 16, 32, 2, 4, dropout: 0.1).Build(new(1));
            using var run = path is null ? null : new TrainingRun(path) { StopAt = stopAt };
            var result = new Trainer(config, new(2), new()).Fit(model, CausalLM.Objective(), new Tokens(), run);
            Assert.True(result.Losses.All(l => l.Loss is > 0 and < 10));
            return Tiny.Bits(model);
        }
    }

    private sealed class Tokens : IBatches<TokenBatch>
    {
        public string Fingerprint => "tokens";

        public long? StepsPerEpoch => null;

        public TokenBatch At(long step)
        {
            using var generator = new Seed(3).For("batch", step).Generator();
            return new(randint(0, 50, [4, 16], dtype: int64, generator: generator));
        }
    }

    [Fact]
    public void SettingsRoundTripAndRefuseNonsense()
    {
        var config = TrainingConfig.Example with
        {
            Optimizer = new MuonConfig(), Schedule = new WarmUpStableDecayConfig(), Ema = new(), EarlyStopping = new() { Score = "loss" }, ClipNorm = null,
        };
        Assert.Equal(config, Settings.Parse<TrainingConfig>(Settings.ToYaml(config), "test"));
        Assert.IsType<AdamWConfig>(Settings.Parse<TrainingConfig>("steps: 3\noptimizer: { kind: adamw, learning_rate: 0.1 }", "test").Optimizer);
        foreach (var bad in new[] { "steps: 0", "steps: 5\nsave_every: -1", "steps: 5\naccumulate: 0", "steps: 5\nclip_norm: -1", "steps: 5\noptimizer: { kind: adam }", "steps: 5\nsave_evry: 3" })
        {
            Assert.Throws<UserError>(() => Settings.Parse<TrainingConfig>(bad, "test"));
        }
    }

    [Fact]
    public void LeaksNoTensors()
    {
        using var folder = new TemporaryFolder();
        var runs = 0;
        void Run(TinyModel model)
        {
            using var run = new TrainingRun(folder / $"{runs++}");
            new Trainer(Config with { Steps = 5, Accumulate = 2, SaveEvery = 2, EvaluateEvery = 2, Ema = new(), EarlyStopping = new() { Score = "one" } }, new Seed(2), new())
                .Fit(model, Tiny.SquaredError, new TinyBatches(new(3)), run, new EvaluateEvery(() => new Dictionary<string, double> { ["one"] = 1 }));
        }

        using var model = new TinyConfig().Build(new Seed(1));
        Run(model);
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        Run(model);
        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }
}
