using Heirloom.Adaptation.Peft;
using Heirloom.Models;
using Heirloom.Models.Heads;
using Heirloom.Models.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Tests.Adaptation.Peft;

/// <summary>Small models with weights that matter, and what they say of a fixed input.</summary>
internal static class AdapterModels
{
    public static IReadOnlyDictionary<string, ModelConfig> All { get; } = new Dictionary<string, ModelConfig>
    {
        ["llama"] = DecoderConfig.Llama(48, context: 16, width: 16, layers: 2, heads: 4, keyValueHeads: 2, tied: false),
        ["gpt2"] = DecoderConfig.Gpt2(48, context: 16, width: 16, layers: 2, heads: 2),
        ["bert"] = EncoderConfig.Bert(48, context: 16, width: 16, layers: 2, heads: 2),
        ["t5"] = EncoderDecoderConfig.T5Gated(48, width: 16, layers: 2, heads: 2),
        ["classifier"] = new SequenceClassifierConfig { Encoder = EncoderConfig.Bert(48, context: 16, width: 16, layers: 2, heads: 2) with { Pooler = true }, Classes = 3, Pooling = Pooling.Pooler },
    };

    public static IModel Build(string name, ulong seed = 1) => Scattered(All[name].Build(new(seed)).Module, seed) is IModel model ? model : throw new InvalidOperationException();

    /// <summary>Noise on every parameter, so that biases and norms are not what they start as.</summary>
    public static T Scattered<T>(T module, ulong seed, double deviation = 0.3) where T : nn.Module
    {
        using var frozen = no_grad();
        foreach (var (name, parameter) in module.named_parameters())
        {
            using var generator = new Seed(seed).For(name).Generator();
            using var noise = randn(parameter.shape, generator: generator).mul(deviation).to(parameter.dtype);
            parameter.add_(noise);
        }

        module.eval();
        return module;
    }

    /// <summary>Logits of two rows, one of them padded.</summary>
    public static Tensor Say(IModel model)
    {
        using var scope = NewDisposeScope();
        var ids = tensor(new long[] { 3, 7, 11, 2, 40, 5, 9, 1, 30, 21 }).view(2, 5);
        var mask = ones(2, 5, dtype: ScalarType.Bool);
        mask[1, 4] = tensor(false);
        var inputs = new TokenInputs(ids) { Mask = mask };
        return (model switch
        {
            IClassifier<TokenInputs> classifier => classifier.Classify(inputs),
            ILanguageModel language => language.Head(language.Encode(inputs)),
            ISequenceToSequenceLM both => both.Head(both.Decode(ids, both.EncodeSource(ids, mask), mask)),
            _ => throw new NotSupportedException(model.GetType().Name),
        }).MoveToOuterDisposeScope();
    }

    public static Dictionary<string, byte[]> Bits(IModel model) => model.Module.state_dict().ToDictionary(p => p.Key, p => p.Value.bytes.ToArray());

    public static void AssertClose(Tensor expected, Tensor actual, double tolerance = 1e-5)
    {
        using var scope = NewDisposeScope();
        Assert.Equal(expected.shape, actual.shape);
        var difference = expected.sub(actual).abs().max().to(ScalarType.Float64).item<double>();
        Assert.True(difference <= tolerance, $"differs by {difference}");
    }
}
