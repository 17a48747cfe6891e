using Heirloom.Data;
using Heirloom.Objectives;
using Heirloom.Training;
using Heirloom.Training.Optimizers;
using Heirloom.Training.Precision;
using Heirloom.Training.Schedules;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Tests.Training;

public class AccumulationTests
{
    private static readonly TrainingConfig Config = new()
    {
        Steps = 5, Optimizer = new SgdConfig { LearningRate = 0.05 }, Schedule = new ConstantConfig(), Precision = PrecisionMode.Float32, ClipNorm = 0.5,
    };

    /// <summary>A mean over positive targets only, so that batches hold unequal numbers of terms.</summary>
    private static readonly Objective<TinyModel, TinyBatch> MaskedError = (model, batch, _) =>
    {
        var mask = batch.Targets > 0.2;
        var terms = mask.sum();
        return new((model.call(batch.Features) - batch.Targets).square().mul(mask).sum() / terms) { Terms = terms };
    };

    [Fact]
    public void UnequalMicroBatchesEqualOneLargeBatch() => Compare(MaskedError, new Parts(3, [2, 7, 4]), new Parts(1, [2, 7, 4]));

    [Fact]
    public void WithoutTermsExamplesWeigh() => Compare(Tiny.SquaredError, new Parts(3, [1, 7, 4]), new Parts(1, [1, 7, 4]));

    [Fact]
    public void AMicroBatchWithoutTermsIsLeftOut()
    {
        // nothing is above the bound in the first part: a mean over nothing would be NaN
        var nothing = new Parts(3, [2, 7, 4]) { Blank = true };
        using var model = Build();
        var result = new Trainer(Config with { Accumulate = 3 }, new(2), new()).Fit(model, MaskedError, nothing);
        Assert.All(result.Losses, l => Assert.True(double.IsFinite(l.Loss)));
    }

    private static void Compare(Objective<TinyModel, TinyBatch> objective, Parts small, Parts large)
    {
        using var one = Build();
        using var many = Build();
        var a = new Trainer(Config, new(2), new()).Fit(one, objective, large);
        var b = new Trainer(Config with { Accumulate = 3 }, new(2), new()).Fit(many, objective, small);
        Assert.All(a.Losses.Zip(b.Losses), l => Assert.Equal(l.First.Loss, l.Second.Loss, 1e-5));
        foreach (var (x, y) in one.parameters().Zip(many.parameters()))
        {
            Assert.True((x - y).abs().max().item<float>() < 1e-5);
        }
    }

    /// <summary>Without statistics of the batch, for those are no sum over its parts.</summary>
    private static TinyModel Build() => new TinyConfig { Dropout = 0, BatchNorm = false }.Build(new(1));

    /// <summary>The same rows as parts, or as one batch.</summary>
    private sealed class Parts(int parts, int[] sizes) : IBatches<TinyBatch>
    {
        public bool Blank { get; init; }

        public string Fingerprint => "parts";

        public long? StepsPerEpoch => null;

        public TinyBatch At(long step)
        {
            var whole = new TinyBatches(new(3), sizes.Sum()).At(step / parts);
            if (parts == 1)
            {
                return whole;
            }

            var part = (int)(step % parts);
            var start = sizes[..part].Sum();
            var targets = whole.Targets.narrow(0, start, sizes[part]);
            return new(whole.Features.narrow(0, start, sizes[part]), Blank && part == 0 ? zeros_like(targets) : targets);
        }
    }
}
