using Heirloom.Checkpoints;
using Heirloom.Layers;
using Heirloom.Models;
using Heirloom.Models.Text;
using Heirloom.Objectives;
using Heirloom.Reuse.Growing;
using Heirloom.Tests.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Tests.Reuse;

public sealed class HyperCloningTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public static TheoryData<CloningVariant, string, int> Cases => new(
        from variant in Enum.GetValues<CloningVariant>()
        from model in Small.Keys
        from factor in (int[])[2, 3]
        select (variant, model, factor));

    private static Dictionary<string, DecoderConfig> Small { get; } = Growable.Configs.Where(c => c.Value is DecoderConfig).ToDictionary(c => c.Key, c => (DecoderConfig)c.Value);

    public void Dispose() => _scope.Dispose();

    [Theory]
    [MemberData(nameof(Cases))]
    public void TheCloneHasTheSmallModelsLogits(CloningVariant variant, string name, int factor)
    {
        var small = Lively(Small[name]);
        var ids = Ids();
        var before = Logits(small, ids);

        var clone = HyperCloning.Expand(small, new() { Factor = factor, Variant = variant }, new(3));

        Assert.Equal(Small[name].Block.Width * factor, clone.Width);
        Assert.Equal(Small[name].TieEmbeddings, ((DecoderConfig)clone.Config).TieEmbeddings);
        Assert.True(before.abs().max().item<float>() > 0.1, "logits near zero would be equal in any case");
        Assert.True(Distance(before, Logits(clone, ids)) < 1e-4, $"{Distance(before, Logits(clone, ids))}");
        Assert.Equal(0, Distance(before, Logits(small, ids)));
    }

    [Theory]
    [InlineData(CloningVariant.NoisySymmetric, CloningVariant.Symmetric, 2, 10)]
    [InlineData(CloningVariant.NoisySymmetric, CloningVariant.Symmetric, 3, 4)]
    [InlineData(CloningVariant.NoisyDiagonal, CloningVariant.Diagonal, 2, 10)]
    public void NoiseHasTheStatedPowerInEveryProjectionAndNowhereElse(CloningVariant noisy, CloningVariant plain, int factor, double decibels)
    {
        var small = Lively(Small["gpt2 untied"]);
        var clean = HyperCloning.Expand(small, new() { Factor = factor, Variant = plain }, new(3)).state_dict();

        foreach (var (name, value) in HyperCloning.Expand(small, new() { Factor = factor, Variant = noisy, SignalToNoise = decibels }, new(3)).state_dict())
        {
            var noise = (value - clean[name]).square().mean().item<float>();
            if (value.dim() == 2 && name.StartsWith("layers", StringComparison.Ordinal))
            {
                var (rows, columns) = (value.shape[0] / factor, value.shape[1] / factor);
                var signal = clean[name].narrow(0, 0, rows).narrow(1, 0, columns).square().mean().item<float>();
                Assert.Equal(decibels, 10 * Math.Log10(signal / noise), 3);
            }
            else
            {
                Assert.Equal(0, noise);
            }
        }
    }

    [Fact]
    public void BlocksAreWhereThePaperPutsThem()
    {
        var weight = tensor(new float[] { 2, 4, 6, 8 }).view(2, 2);

        Assert.Equal([1, 2, 1, 2, 3, 4, 3, 4, 1, 2, 1, 2, 3, 4, 3, 4], BlockExpansion.Symmetric(weight, 2).data<float>().ToArray());
        Assert.Equal([2, 4, 0, 0, 6, 8, 0, 0, 0, 0, 2, 4, 0, 0, 6, 8], BlockExpansion.Diagonal(weight, 2).data<float>().ToArray());

        using var generator = new Seed(1).Generator();
        var noise = BlockExpansion.CancellingNoise(2, 3, 2, 0.25, generator);
        Assert.Equal(0, noise.narrow(1, 0, 3).add(noise.narrow(1, 3, 3)).abs().max().item<float>(), 6);
        Assert.Equal(0.25, noise.square().mean().item<float>(), 5);
    }

    [Fact]
    public void OnlyNoiseLetsCopiesLearnDifferentThings()
    {
        Assert.True(Difference(CloningVariant.Symmetric) < 1e-6);
        Assert.True(Difference(CloningVariant.NoisySymmetric) > 1e-5);

        static float Difference(CloningVariant variant)
        {
            var clone = HyperCloning.Expand(Lively(Small["llama grouped tied"]), new() { Variant = variant }, new(3));
            var ids = Ids();
            CausalLM.Objective()(clone, new(ids), new(1)).Total.backward();
            var gradient = clone.named_parameters().Single(p => p.name == "layers.0.feed_forward.up.weight").parameter.grad!;
            var half = gradient.shape[0] / 2;
            return gradient.narrow(0, 0, half).sub(gradient.narrow(0, half, half)).abs().max().item<float>();
        }
    }

    [Fact]
    public void ACloneIsSavedAndLoadedAsAnyOtherModel()
    {
        using var scratch = new Scratch();
        var config = new HyperCloningConfig();
        var clone = HyperCloning.Expand(Lively(Small["llama grouped tied"]), config, new(3));

        Checkpoint.Save(scratch.File("clone"), new() { Model = clone, Lineage = new() { Method = "grow/hyper-cloning", Settings = Settings.ToYaml(config), Seed = 3 } });
        var loaded = Checkpoint.LoadAs<Decoder>(scratch.File("clone"));

        Assert.True(loaded.Report.IsExact, loaded.Report.ToString());
        Assert.Equal(0, Distance(Logits(clone, Ids()), Logits(loaded.Model, Ids())));
    }

    [Fact]
    public void TheTypeAndTheModeAreKept()
    {
        var small = Lively(Small["gpt2 tied"]);
        small.to(bfloat16);
        small.train();

        var clone = HyperCloning.Expand(small, new(), new(3));

        Assert.True(clone.training);
        Assert.All(clone.parameters(), p => Assert.Equal(bfloat16, p.dtype));
    }

    [Fact]
    public void SlopesThatDependOnTheNumberOfHeadsAreRefused() =>
        Assert.Contains("ALiBi", Assert.Throws<UserError>(() =>
            HyperCloning.Expand(Lively(Growable.With(new AlibiPositionsConfig(), block => block)), new(), new(3))).Message);

    private static Decoder Lively(DecoderConfig config) => (Decoder)Growable.Lively(config);

    private static Tensor Ids() => arange(16).mul(7).remainder(19).view(2, 8);

    private static Tensor Logits(Decoder model, Tensor ids)
    {
        using var quiet = no_grad();
        return model.Head(model.Encode(new(ids)));
    }

    private static float Distance(Tensor a, Tensor b) => a.sub(b).abs().max().item<float>();
}
