using Heirloom.Layers;
using Heirloom.Models;
using Heirloom.Models.Heads;
using Heirloom.Models.Text;
using Heirloom.Models.Vision;
using static TorchSharp.torch;

namespace Heirloom.Tests.Reuse;

/// <summary>Small models of every form that grows.</summary>
internal static class Growable
{
    public static Dictionary<string, ModelConfig> Configs { get; } = new()
    {
        ["gpt2 tied"] = DecoderConfig.Gpt2(19, context: 8, width: 12, layers: 2, heads: 3),
        ["gpt2 untied"] = DecoderConfig.Gpt2(19, context: 8, width: 12, layers: 2, heads: 3) with { TieEmbeddings = false, HeadBias = true },
        ["llama grouped tied"] = DecoderConfig.Llama(19, context: 8, width: 16, layers: 2, heads: 4, keyValueHeads: 2),
        ["llama grouped untied"] = DecoderConfig.Llama(19, context: 8, width: 16, layers: 2, heads: 4, keyValueHeads: 2, tied: false),
        ["falcon, one key head"] = DecoderConfig.Falcon(19, context: 8, width: 16, layers: 2, heads: 4),
        ["post-norm, embedding norm, relative"] = With(new RelativePositionsConfig(), block => block with { Placement = NormPlacement.Post }) with { EmbeddingNorm = true },
        ["norms of heads, scaled embedding"] = With(new RotaryPositionsConfig(), block => block with
        {
            Placement = NormPlacement.Sandwich,
            Attention = block.Attention with { QueryKeyNorm = QueryKeyNorm.Head },
        }) with { EmbeddingScale = 4 },
        ["norms of all heads, parallel"] = With(new NoPositionsConfig(), block => block with
        {
            Layout = BlockLayout.ParallelSharedNorm,
            Norm = new LayerNormConfig(),
            Attention = block.Attention with { QueryKeyNorm = QueryKeyNorm.All },
        }),
        ["norms after branches"] = With(new RotaryPositionsConfig(), block => block with { Placement = NormPlacement.Branch }),
        ["bert"] = EncoderConfig.Bert(19, context: 8, width: 12, layers: 2, heads: 3) with { Pooler = true },
        ["bert, untied"] = EncoderConfig.Bert(19, context: 8, width: 12, layers: 2, heads: 3) with { TieEmbeddings = false },
        ["bert, no transform"] = EncoderConfig.Bert(19, context: 8, width: 12, layers: 2, heads: 3) with { HeadTransform = false },
        ["electra, narrow embedding"] = EncoderConfig.Electra(19, context: 8, width: 12, layers: 2, heads: 3, embedding: 6),
        ["albert"] = EncoderConfig.Albert(19, context: 8, width: 12, layers: 2, heads: 3, embedding: 6),
        ["bare encoder"] = EncoderConfig.Roberta(19, context: 8, width: 12, layers: 2, heads: 3) with { Head = false },
        ["vit"] = VisionTransformerConfig.Vit(image: 8, patch: 4, channels: 1, width: 12, layers: 2, heads: 3, classes: 3),
        ["vit, bare with pooler"] = VisionTransformerConfig.Vit(image: 8, patch: 4, channels: 1, width: 12, layers: 2, heads: 3) with { Pooler = true },
        ["classifier over a tied decoder"] = new SequenceClassifierConfig { Encoder = DecoderConfig.Gpt2(19, 8, 12, 2, 3), Classes = 3, Pooling = Pooling.Mean, Transform = Activation.Tanh },
        ["classifier over bert's pooler"] = new SequenceClassifierConfig { Encoder = EncoderConfig.Bert(19, 8, 12, 2, 3) with { Pooler = true }, Classes = 3, Pooling = Pooling.Pooler },
        ["classifier of images"] = new ImageClassifierConfig { Encoder = VisionTransformerConfig.Vit(8, 4, 1, 12, 2, 3), Classes = 3 },
    };

    public static DecoderConfig With(PositionsConfig positions, Func<TransformerBlockConfig, TransformerBlockConfig> change)
    {
        var llama = DecoderConfig.Llama(19, context: 8, width: 16, layers: 2, heads: 4);
        return llama with { Positions = positions, Block = change(llama.Block) };
    }

    /// <summary>A model in which no bias is zero and no norm is one, so that none can be forgotten unnoticed.</summary>
    public static IModel Lively(ModelConfig config)
    {
        var model = config.Build(new(1));
        model.Module.eval();
        using var quiet = no_grad();
        using var generator = new Seed(2).Generator();
        foreach (var parameter in model.Module.parameters())
        {
            parameter.add_(randn(parameter.shape, generator: generator).mul_(0.3));
        }

        return model;
    }
}
