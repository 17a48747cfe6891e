using Heirloom.Data;
using Heirloom.Layers.Kernels;
using Heirloom.Models;
using Heirloom.Models.Text;
using Heirloom.Objectives;
using Heirloom.Training;
using Heirloom.Training.Optimizers;
using Heirloom.Training.Precision;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Heirloom.Tests.Training;

/// <summary>Less memory for more time: what is computed again gives the same bits, and eight bits of state give nearly the same training.</summary>
public sealed class MemoryTests
{
    public static TheoryData<Recomputation, PrecisionMode, double> Modes => new()
    {
        { Recomputation.Layers, PrecisionMode.Float32, 0 }, { Recomputation.FeedForward, PrecisionMode.Float32, 0 },
        { Recomputation.Layers, PrecisionMode.BFloat16, 0.2 }, { Recomputation.FeedForward, PrecisionMode.BFloat16, 0.2 },
    };

    [Theory]
    [MemberData(nameof(Modes))]
    public void ADecoderTrainsToTheSameBits(Recomputation recompute, PrecisionMode precision, double dropout)
    {
        Assert.SkipUnless(precision == PrecisionMode.Float32 || Lanes.IsSupported, "other kernels draw other masks");

        Assert.Equal(Trained(Recomputation.None, precision, dropout), Trained(recompute, precision, dropout));
    }

    [Theory]
    [InlineData(Recomputation.Layers)]
    [InlineData(Recomputation.FeedForward)]
    public void GradientsFlowThroughWhatLayersShare(Recomputation recompute)
    {
        // relative biases and the encoder's memory reach every layer from outside it
        using var scope = NewDisposeScope();
        using var model = EncoderDecoderConfig.T5(40, width: 16, layers: 2, heads: 2).Build(new(1));
        var batch = new SequencePairBatch(randint(2, 40, [2, 9], ScalarType.Int64), ones(2, 9, ScalarType.Bool), randint(2, 40, [2, 7], ScalarType.Int64));
        Dictionary<string, float[]> Gradients(Recomputation how)
        {
            model.zero_grad();
            using var firstOrder = new FirstOrder(new(1)) { Recompute = how };
            SequenceToSequence.Loss(model, batch).Total.backward();
            return model.named_parameters().ToDictionary(p => p.name, p => p.parameter.grad!.data<float>().ToArray());
        }

        var (kept, again) = (Gradients(Recomputation.None), Gradients(recompute));
        foreach (var (name, values) in kept)
        {
            Assert.True(values.Any(v => v != 0), name);
            Assert.All(values.Zip(again[name]), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
        }
    }

    [Fact]
    public void ALossInPartsIsTheLoss()
    {
        using var scope = NewDisposeScope();
        var (hidden, weight, targets) = (randn(1500, 8), randn(30, 8), randint(0, 30, [1500], ScalarType.Int64));
        targets[7] = TokenBatch.Ignore;
        (Loss Loss, Tensor ByHidden, Tensor ByWeight) Of(Recomputation how)
        {
            var (h, w) = (hidden.clone().requires_grad_(), weight.clone().requires_grad_());
            using var firstOrder = new FirstOrder(new(1)) { Recompute = how };
            var loss = CrossEntropy.OfHidden(x => nn.functional.linear(x, w), h, targets, new() { LabelSmoothing = 0.1, ZLoss = 1e-2 });
            loss.Total.backward();
            return (loss, h.grad!, w.grad!);
        }

        var (whole, parts) = (Of(Recomputation.None), Of(Recomputation.FeedForward));

        Assert.Equal(whole.Loss.Total.item<float>(), parts.Loss.Total.item<float>(), 1e-5f);
        Assert.Equal(whole.Loss.Parts.Select(p => (p.Name, Math.Round(p.Value.item<float>(), 4))), parts.Loss.Parts.Select(p => (p.Name, Math.Round(p.Value.item<float>(), 4))));
        Assert.Equal(1499, parts.Loss.Terms!.item<long>());
        Assert.True(whole.ByHidden.allclose(parts.ByHidden, rtol: 1e-4, atol: 1e-8));
        Assert.True(whole.ByWeight.allclose(parts.ByWeight, rtol: 1e-4, atol: 1e-6));
    }

    [Fact]
    public void DynamicMapsAreThePublishedOnes()
    {
        // first, middle and last codes of the authors' maps
        var (signed, unsigned) = (DynamicMap.Signed.Values.ToArray(), DynamicMap.Unsigned.Values.ToArray());
        Assert.Equal((256, 256), (signed.Distinct().Count(), unsigned.Distinct().Count()));
        Assert.Equal([-0.99297f, -0.97891f, 0.97891f, 0.99297f, 1f], [.. signed[..2], .. signed[^3..]], (a, b) => MathF.Abs(a - b) < 1e-5f);
        Assert.Equal([0f, 3.25e-7f, 7.75e-7f], unsigned[..3], (a, b) => MathF.Abs(a - b) < 1e-9f);
        Assert.Equal(0.99648f, unsigned[^2], 1e-5f);
        Assert.Equal(0, signed[DynamicMap.Signed.Zero]);
        var rng = new Seed(1).Random();
        for (var i = 0; i < 2000; i++)
        {
            var value = (float)((2 * rng.NextDouble()) - 1) * MathF.Pow(10, -rng.Next(8));
            Assert.Equal(signed.Min(v => MathF.Abs(v - value)), MathF.Abs(signed[DynamicMap.Signed.CodeOf(value)] - value));
        }
    }

    [Fact]
    public void TheKernelOfEightBitsDoesWhatTheTensorLibraryDoes()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var x = cat([randn(700) * 1e-3, zeros(68), randn(300)]).view(4, 267);
        var (codes, scales) = BlockQuantized.Zeros(x, DynamicMap.Signed);
        BlockQuantized.Write(x, DynamicMap.Signed, codes, scales);
        var (kernelCodes, kernelScales) = BlockQuantized.Zeros(x, DynamicMap.Signed);
        var wide = empty(x.shape);
        unsafe
        {
            for (var at = 0; at < x.numel(); at += BlockQuantized.Block)
            {
                var count = (int)Math.Min(BlockQuantized.Block, x.numel() - at);
                var scale = BlockQuantized.Write((float*)Lanes.Address(x) + at, DynamicMap.Signed, Lanes.Address(kernelCodes) + at, count);
                kernelScales[at / BlockQuantized.Block] = scale;
                BlockQuantized.Read(Lanes.Address(kernelCodes) + at, scale, DynamicMap.Signed, (float*)Lanes.Address(wide) + at, count);
            }
        }

        Assert.True(scales.allclose(kernelScales, rtol: 0, atol: 0));
        Assert.InRange(codes.ne(kernelCodes).sum().item<long>(), 0, 2); // ties
        Assert.True(BlockQuantized.Read(codes, scales, DynamicMap.Signed).allclose(wide, rtol: 0.02, atol: 1e-6));
        Assert.InRange(((wide - x).square().mean() / x.square().mean()).item<float>(), 0, 1e-3f);
    }

    [Fact]
    public void EightBitsOfStateTrainNearlyAlike()
    {
        double Last(int bits)
        {
            using var model = nn.Linear(64, 80, hasBias: false);
            using var scope = NewDisposeScope();
            using var generator = new Generator(3);
            var target = randn([80, 64], generator: generator) * 0.1;
            using (no_grad())
            {
                model.weight!.zero_();
            }

            using var optimizer = new AdamWConfig { LearningRate = 0.01, Decay = 0, StateBits = bits }.Build([new("layer.weight", model.weight!)]);
            var loss = 0.0;
            for (var step = 0; step < 80; step++)
            {
                using var inner = NewDisposeScope();
                var x = randn([32, 64], generator: generator);
                var difference = (model.call(x) - x.matmul(target.t())).square().mean();
                optimizer.ZeroGradients();
                difference.backward();
                optimizer.Step(1);
                loss = difference.item<float>();
            }

            Assert.Equal(bits == 8 ? 5 : 3, optimizer.State().Count());
            return loss;
        }

        var (wide, narrow) = (Last(32), Last(8));
        Assert.InRange(narrow, 0, 0.02);
        Assert.InRange(narrow / wide, 0.5, 2);
    }

    private static string Trained(Recomputation recompute, PrecisionMode precision, double dropout)
    {
        using var scope = NewDisposeScope(); // batches left to the finalizer would disturb tests that count tensors
        using var model = DecoderConfig.Gpt2(600, 64, 16, 2, 2, dropout).Build(new(1));
        var rows = new Repeated([.. Enumerable.Range(0, 3).Select(i => new TokenBatch(tensor([.. Enumerable.Range(0, 512).Select(t => (long)((t * (7 + i)) % 599))], [8, 64])))]);
        new Trainer(new() { Steps = 4, Precision = precision, Recompute = recompute }, new(2), new()).Fit<ILanguageModel, TokenBatch>(model, CausalLM.Objective(), rows);
        return Convert.ToHexString(System.Security.Cryptography.SHA256.HashData([.. model.state_dict().OrderBy(p => p.Key, StringComparer.Ordinal).SelectMany(p => p.Value.bytes.ToArray())]));
    }

    private sealed class Repeated(IReadOnlyList<TokenBatch> batches) : IBatches<TokenBatch>
    {
        public string Fingerprint => "repeated";

        public long? StepsPerEpoch => batches.Count;

        public TokenBatch At(long step) => batches[(int)(step % batches.Count)];
    }
}
