using Heirloom.Layers;
using Heirloom.Models.Text;
using Heirloom.Tests.Checkpoints.Hub;

namespace Heirloom.Tests.Generation.Cpu;

/// <summary>Every form of decoder: those of the hub's families and their options, the others that settings allow, and some whose vectors fill registers.</summary>
internal static class KernelForms
{
    public static IReadOnlyDictionary<string, DecoderConfig> All { get; } = Make();

    public static Decoder Build(string form)
    {
        var model = (All[form] with { Initialization = new NormalInitializationConfig { Std = All[form].Block.Width > 16 ? 0.08 : 0.3 } }).Build(new Seed(5));
        foreach (var (name, weight) in model.named_parameters().Where(p => p.name.Contains("norm", StringComparison.Ordinal) || p.name.EndsWith("bias", StringComparison.Ordinal)))
        {
            // initial ones and zeros would hide what is left out
            using var frozen = TorchSharp.torch.no_grad();
            using var generator = new Seed(6).For(name).Generator();
            using var noise = TorchSharp.torch.randn(weight.shape, generator: generator);
            weight.add_(noise, 0.2);
        }

        model.eval();
        return model;
    }

    private static Dictionary<string, DecoderConfig> Make()
    {
        var forms = HubExamples.All.Where(e => e.Value.Config is DecoderConfig { Head: true }).ToDictionary(e => e.Key, e => (DecoderConfig)e.Value.Config);
        var (llama, gpt2) = ((DecoderConfig)HubExamples.All["llama"].Config, (DecoderConfig)HubExamples.All["gpt2"].Config);
        foreach (var activation in Enum.GetValues<Activation>())
        {
            forms[$"{activation}"] = llama with { Block = llama.Block with { FeedForward = llama.Block.FeedForward with { Activation = activation } } };
        }

        forms["relative"] = llama with { Positions = new RelativePositionsConfig { Buckets = 8, MaxDistance = 16 } };
        forms["alibi"] = llama with { Positions = new AlibiPositionsConfig(), EmbeddingNorm = true };
        forms["alibi, rounded"] = llama with { Positions = new AlibiPositionsConfig { Rounded = true, Scaled = true } };
        forms["no positions"] = llama with { Positions = new NoPositionsConfig() };
        forms["learned, offset"] = gpt2 with { Positions = new LearnedPositionsConfig { Offset = 2 } };
        forms["post norm"] = gpt2 with { Block = gpt2.Block with { Placement = NormPlacement.Post } };
        forms["sandwich"] = llama with { Block = llama.Block with { Placement = NormPlacement.Sandwich }, EmbeddingScale = 4, HeadBias = true };
        forms["parallel, no bias in norms"] = gpt2 with { Block = gpt2.Block with { Layout = BlockLayout.Parallel, Norm = new LayerNormConfig { Bias = false } } };
        forms["other scale"] = llama with { Block = llama.Block with { Attention = llama.Block.Attention with { Scale = 0.7 } } };
        var wide = DecoderConfig.Llama(vocabulary: 101, context: 160, width: 96, layers: 2, heads: 6, keyValueHeads: 2, feedForward: 200);
        forms["wide llama"] = wide with { Block = wide.Block with { Attention = wide.Block.Attention with { HeadWidth = 64, QueryKeyNorm = QueryKeyNorm.Head } } };
        forms["wide windows"] = wide with { WindowLayers = [1], Block = wide.Block with { Attention = new() { Heads = 12, KeyValueHeads = 1, HeadWidth = 72, Window = 21 } } };
        forms["wide gpt2"] = DecoderConfig.Gpt2(vocabulary: 101, context: 160, width: 128, layers: 2, heads: 4);
        return forms;
    }
}
