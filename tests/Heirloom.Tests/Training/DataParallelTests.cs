using Heirloom.Data;
using Heirloom.Models;
using Heirloom.Models.Text;
using Heirloom.Objectives;
using Heirloom.Training;
using Heirloom.Training.Optimizers;
using Heirloom.Training.Workers;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Tests.Training;

public class DataParallelTests
{
    private sealed class Counting : IBatches<TokenBatch>
    {
        public string Fingerprint => "counting";

        public long? StepsPerEpoch => null;

        // the first row has fewer targets, so that workers weigh differently
        public TokenBatch At(long step)
        {
            var ids = arange(9).unsqueeze(0).add(arange(5).unsqueeze(1)).add(step).remainder(20).add(4);
            var targets = ids.narrow(1, 1, 8).clone();
            targets[0, TensorIndex.Slice(0, 6)] = TokenBatch.Ignore;
            return new(ids.narrow(1, 0, 8), targets);
        }
    }

    private static (float[] Gradient, float Loss, float Part) Step(Objective<ICausalLM, TokenBatch> objective)
    {
        using var scope = NewDisposeScope();
        var model = DecoderConfig.Example.Build(new(1));
        var loss = objective(model, new Counting().At(3), new(1));
        loss.Total.backward();
        return ([.. model.parameters().SelectMany(p => p.grad!.data<float>().ToArray())], loss.Total.item<float>(), loss.Parts.Single(p => p.Name == "loss").Value.item<float>());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(16)]
    public void TheGradientIsTheWholeBatchs(int workers)
    {
        var (gradient, loss, part) = Step(CausalLM.Objective());

        var (summed, value, reduced) = Step(DataParallel.Over(CausalLM.Objective(), workers));

        Assert.Equal(loss, value, 1e-5f);
        Assert.Equal(part, reduced, 1e-5f);
        Assert.All(gradient.Zip(summed), g => Assert.Equal(g.First, g.Second, 1e-6f));
        Assert.Equal(summed, Step(DataParallel.Over(CausalLM.Objective(), workers)).Gradient);
    }

    [Fact]
    public void TrainingIsThatOfOneProcess()
    {
        float[] Train(Objective<ICausalLM, TokenBatch> objective)
        {
            using var scope = NewDisposeScope();
            var model = DecoderConfig.Example.Build(new(1));
            new Trainer(new() { Steps = 8, Optimizer = new AdamWConfig { LearningRate = 1e-3, Epsilon = 1e-4 } }, new(1), new()).Fit(model, objective, new Counting());
            return [.. model.parameters().SelectMany(p => p.data<float>().ToArray())];
        }

        Assert.All(Train(CausalLM.Objective()).Zip(Train(DataParallel.Over(CausalLM.Objective(), 2))), p => Assert.Equal(p.First, p.Second, 1e-5f));
    }

    [Fact]
    public void AWorkersErrorIsTheStepsAndNothingLeaks()
    {
        using var scope = NewDisposeScope();
        var model = DecoderConfig.Example.Build(new(1));
        var batch = new Counting().At(0);
        Objective<ICausalLM, TokenBatch> failing = (_, part, _) => part.Count == 3 ? throw new UserError("no") : CausalLM.Objective()(model, part, new(1));

        Assert.Equal("no", Assert.Throws<UserError>(() => DataParallel.Over(failing, 2)(model, batch, new(1))).Message);

        DataParallel.Over(CausalLM.Objective(), 2)(model, batch, new(1));
        var before = Tensor.TotalCount;
        using (NewDisposeScope())
        {
            DataParallel.Over(CausalLM.Objective(), 2)(model, batch, new(1));
        }

        // fewer where finalizers let go of what other tests left
        Assert.InRange(Tensor.TotalCount, 0, before);
    }
}
