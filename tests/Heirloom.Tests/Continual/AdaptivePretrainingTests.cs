using Heirloom.Continual.Pretraining;
using Heirloom.Data.Tokens;
using Heirloom.Models.Text;
using Heirloom.Objectives;
using Heirloom.Training;
using Heirloom.Training.Optimizers;
using static TorchSharp.torch;

namespace Heirloom.Tests.Continual;

public sealed class AdaptivePretrainingTests
{
    private const int End = 0, Mask = 1;

    private static MaskingConfig Masking => new() { MaskToken = Mask, VocabularySize = 16, SpecialTokens = [End] };

    private static AdaptivePretraining Stage(long steps) => new(
        new() { Training = new() { Steps = steps, Optimizer = new AdamWConfig { LearningRate = 1e-2 } }, BatchSize = 8 }, Masking, End, new());

    /// <summary>Texts of seven tokens each, in one of two domains that share no token.</summary>
    private static IReadOnlyList<IReadOnlyList<int>> Texts(int domain) =>
        [.. Enumerable.Range(0, 40).Select(i => (IReadOnlyList<int>)[.. Enumerable.Range(0, 11).Select(t => 2 + (7 * domain) + ((i + t) % 7))])];

    private static double LossOn(Encoder model, int domain)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        model.eval();
        var batch = new InMemoryRows(Texts(domain), 12, End, new(5)).Batches(40).At(0);
        return MaskedLM.Objective(Masking)(model, batch, new(9)).Total.item<float>();
    }

    [Fact]
    public void AdaptsACopyToItsTextAndLeavesTheModelAsItWas()
    {
        using var scope = NewDisposeScope();
        var model = EncoderConfig.Roberta(16, context: 12, width: 16, layers: 1, heads: 2).Build(new(1));
        Stage(80).Train(model, Texts(0), new(2));
        var before = model.state_dict().ToDictionary(p => p.Key, p => p.Value.clone());
        var (known, other) = (LossOn(model, 0), LossOn(model, 1));

        var adapted = Stage(80).Continue(model, Texts(1), new(3));

        Assert.All(before, p => Assert.True(p.Value.equal(model.state_dict()[p.Key]).all().item<bool>(), p.Key));
        Assert.True(known < other, $"{known} on what it was trained on, {other} on the other");
        Assert.True(LossOn(adapted, 1) < other - 0.5, $"{LossOn(adapted, 1)} after adapting, {other} before");
    }

    [Fact]
    public void TheSeedDecidesEveryBit()
    {
        using var scope = NewDisposeScope();
        var model = EncoderConfig.Roberta(16, context: 12, width: 16, layers: 1, heads: 2).Build(new(1));
        byte[] Adapted(ulong seed) => [.. Stage(3).Continue(model, Texts(0), new(seed)).parameters().SelectMany(p => p.bytes.ToArray())];

        Assert.Equal(Adapted(4), Adapted(4));
        Assert.NotEqual(Adapted(4), Adapted(5));
    }
}
