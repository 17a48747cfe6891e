using Heirloom.Training;
using Heirloom.Training.Hooks;
using Heirloom.Training.Optimizers;
using Heirloom.Training.Precision;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Tests.Training;

public class PhaseTests
{
    [Fact]
    public void AlternatingPhasesTouchTheirOwnParametersOnly()
    {
        using var model = new TinyConfig { Dropout = 0 }.Build(new(1));
        var all = NamedParameter.Of(model);
        var batches = new TinyBatches(new(3));
        Phase Make(string name, string prefix, double sign, long every) => new()
        {
            Name = name,
            Parameters = [.. all.Where(p => p.Name.StartsWith(prefix, StringComparison.Ordinal))],
            Optimizer = new SgdConfig { LearningRate = 0.01, Momentum = 0 },
            Every = every,
            Forward = (part, _) =>
            {
                var batch = part.Of(batches)!;
                return new Forwarded(new(sign * (model.call(batch.Features) - batch.Targets).square().mean()), batch.Count, batch.Count);
            },
        };

        var history = new List<(byte[] First, byte[] Second, byte[] Head)> { Bits() };
        new TrainingLoop(new() { Steps = 4, Precision = PrecisionMode.Float32 }, new(2), new())
            .Run(model, [Make("critic", "head", 1, 1), Make("actor", "first", -1, 2)], "tiny", null, new Callback(_ => history.Add(Bits())));
        for (var step = 0; step < 4; step++)
        {
            var (before, after) = (history[step], history[step + 1]);
            Assert.False(before.Head.SequenceEqual(after.Head));
            Assert.True(before.Second.SequenceEqual(after.Second)); // no phase owns it
            Assert.Equal(step % 2 == 1, before.First.SequenceEqual(after.First));
        }

        (byte[], byte[], byte[]) Bits() => (Of("first.weight"), Of("second.weight"), Of("head.weight"));
        byte[] Of(string name) => model.get_parameter(name)!.detach().bytes.ToArray();
    }

    [Fact]
    public void NothingToTrainIsRefused()
    {
        using var model = new TinyConfig().Build(new(1));
        foreach (var parameter in model.parameters())
        {
            parameter.requires_grad = false;
        }

        var error = Assert.Throws<UserError>(() => new Trainer(new() { Steps = 1 }, new(2), new()).Fit(model, Tiny.SquaredError, new TinyBatches(new(3))));
        Assert.Contains("no parameter of the model is trainable", error.Message);
    }
}
