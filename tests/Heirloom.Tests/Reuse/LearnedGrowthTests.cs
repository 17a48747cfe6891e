using Heirloom.Data;
using Heirloom.Models;
using Heirloom.Models.Text;
using Heirloom.Objectives;
using Heirloom.Reuse.Growing;
using Heirloom.Training;
using Heirloom.Training.Optimizers;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Tests.Reuse;

public sealed class LearnedGrowthTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Theory]
    [InlineData("gpt2 tied")]
    [InlineData("llama grouped tied")]
    [InlineData("bert")]
    [InlineData("vit")]
    public void OperatorsBeginAsCopiesAndStacking(string name)
    {
        var small = Growable.Lively(Growable.Configs[name]);
        var size = new GrowthTarget { Width = 2 * ModelSize.Of(small.Config).Width, Layers = 5 }.From(ModelSize.Of(small.Config));
        var copied = new FunctionPreservingGrowthConfig().Grow(small, size, new(3));

        using var growth = new LearnedGrowth<IModel>(small, size, new(3));
        var grown = growth.Grown();

        Assert.True(OutputChange.OnRandom(copied, grown, new(1)).IsPreserved);
        var expected = copied.Module.state_dict();
        Assert.All(grown.Module.state_dict(), w => Assert.True(w.Value.sub(expected[w.Key]).abs().max().item<float>() < 1e-5, w.Key));
        Assert.Empty(growth.named_modules()); // the model itself is not trained
    }

    /// <summary>Against differences of the loss itself.</summary>
    [Fact]
    public void OperatorsGetTheGradientOfTheGrownModelsLoss()
    {
        var small = (Decoder)Growable.Lively(Growable.Configs["gpt2 tied"]);
        var size = new GrowthTarget { Width = 24, Layers = 3 }.From(ModelSize.Of(small.Config));
        using var growth = new LearnedGrowth<Decoder>(small, size, new(3));
        var objective = LearnedGrowth.Objective<Decoder, TokenBatch>(CausalLM.Objective());
        var batch = new TokenBatch(arange(16).mul(5).remainder(19).view(2, 8));

        objective(growth, batch, new(1)).Total.backward();

        foreach (var name in new[] { "Width_out", "Width_in", "FeedForward_in_0", "Heads_out_1", "layers_attention_query_weight", "layers_feed_forward_norm_bias" })
        {
            var parameter = growth.get_parameter(name)!;
            var slope = parameter.grad!.view(-1).narrow(0, 4, 1).item<float>();
            const float Step = 2e-3f;
            var difference = (Loss(Step) - Loss(-Step)) / (2 * Step);
            Assert.True(Math.Abs(difference - slope) < 0.02 * Math.Max(0.05, Math.Abs(slope)), $"{name}: {slope} and {difference}");

            float Loss(float step)
            {
                using var quiet = no_grad();
                parameter.view(-1).narrow(0, 4, 1).add_(step);
                var loss = CausalLM.Objective()(growth.Grown(), batch, new(1)).Total.item<float>();
                parameter.view(-1).narrow(0, 4, 1).sub_(step);
                return loss;
            }
        }
    }

    [Fact]
    public void LearnedOperatorsAreBetterThanCopies()
    {
        var small = (Decoder)Growable.Lively(DecoderConfig.Llama(19, 8, 16, 2, 2));
        var before = small.state_dict().ToDictionary(w => w.Key, w => w.Value.clone());
        var size = new GrowthTarget { Width = 32, Layers = 4 }.From(ModelSize.Of(small.Config));
        using var growth = new LearnedGrowth<Decoder>(small, size, new(3));
        var batch = new TokenBatch(arange(64).mul(5).remainder(19).view(8, 8));
        var start = CausalLM.Objective()(growth.Grown(), batch, new(1)).Total.item<float>();

        var config = new TrainingConfig { Steps = 20, Optimizer = new AdamWConfig { LearningRate = 0.01, Decay = 0 } };
        new Trainer(config, new(1), new()).Fit(growth, LearnedGrowth.Objective<Decoder, TokenBatch>(CausalLM.Objective()), new Always(batch));

        Assert.True(CausalLM.Objective()(growth.Grown(), batch, new(1)).Total.item<float>() < 0.9 * start);
        Assert.All(small.state_dict(), w => Assert.Equal(0, w.Value.sub(before[w.Key]).abs().max().item<float>()));
    }

    private sealed class Always(TokenBatch batch) : IBatches<TokenBatch>
    {
        public long? StepsPerEpoch => 1;

        public string Fingerprint => "always";

        public TokenBatch At(long step) => new(batch.Ids.clone());
    }
}
