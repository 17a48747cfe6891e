using Heirloom.Layers;
using Heirloom.Models;
using Heirloom.Models.Heads;
using Heirloom.Models.Speech;
using Heirloom.Models.Text;
using Heirloom.Models.Vision;
using Heirloom.Models.VisionLanguage;

namespace Heirloom.Tests.Checkpoints.Hub;

/// <summary>Small configurations of every family and option, with the model type that they are to be written as.</summary>
internal static class HubExamples
{
    public static IReadOnlyDictionary<string, (string Type, ModelConfig Config)> All { get; } = Make();

    public static DecoderConfig Llama { get; } = DecoderConfig.Llama(vocabulary: 37, context: 24, width: 16, layers: 2, heads: 4, keyValueHeads: 2, feedForward: 24, tied: false);

    private static Dictionary<string, (string, ModelConfig)> Make()
    {
        var llama = DecoderConfig.Llama(vocabulary: 37, context: 24, width: 16, layers: 2, heads: 4, keyValueHeads: 2, feedForward: 24, tied: false);
        var gpt2 = DecoderConfig.Gpt2(vocabulary: 37, context: 24, width: 16, layers: 2, heads: 4, dropout: 0.1);
        var bert = EncoderConfig.Bert(vocabulary: 37, context: 24, width: 16, layers: 2, heads: 4);
        var roberta = EncoderConfig.Roberta(vocabulary: 37, context: 24, width: 16, layers: 2, heads: 4);
        var t5 = EncoderDecoderConfig.T5(vocabulary: 37, width: 16, layers: 2, heads: 4, headWidth: 6);
        var vit = VisionTransformerConfig.Vit(image: 8, patch: 4, channels: 3, width: 16, layers: 2, heads: 4, classes: 5);

        var speech = SpeechEncoderConfig.Example;
        var stable = speech with { Block = speech.Block with { Placement = NormPlacement.Pre }, WaveformNorm = WaveformNorm.EveryLayerOverChannels, WaveformBias = true };
        var clip = ClipConfig.Example;

        DecoderConfig WithAttention(Func<AttentionConfig, AttentionConfig> change) => llama with { Block = llama.Block with { Attention = change(llama.Block.Attention) } };
        return new()
        {
            ["llama"] = ("llama", llama),
            ["llama-tied"] = ("llama", llama with { TieEmbeddings = true }),
            ["llama-multi-query"] = ("llama", WithAttention(a => a with { KeyValueHeads = 1 })),
            ["llama-own-head-width"] = ("llama", WithAttention(a => a with { HeadWidth = 6 })),
            ["llama-biases"] = ("llama", WithAttention(a => a.WithBiases()) with { Positions = new RotaryPositionsConfig { Base = 500000 } }),
            ["llama-scaled-init"] = ("llama", llama with { Initialization = new FanInInitializationConfig() }),
            ["llama-linear"] = ("llama", llama with { Positions = new RotaryPositionsConfig { Scaling = new LinearRotaryScalingConfig { Factor = 2.5 } } }),
            ["llama-dynamic"] = ("llama", llama with { Positions = new RotaryPositionsConfig { Scaling = new DynamicRotaryScalingConfig { Factor = 2, OriginalLength = 12 } } }),
            ["llama-llama3"] = ("llama", llama with { Positions = new RotaryPositionsConfig { Scaling = Llama3RotaryScalingConfig.Example } }),
            ["llama-yarn"] = ("llama", llama with { Positions = new RotaryPositionsConfig { Scaling = new YarnRotaryScalingConfig { Factor = 2, OriginalLength = 12, AttentionFactor = 1.2 } } }),
            ["qwen2-windows"] = ("qwen2", WithAttention(a => a with { QueryBias = true, KeyBias = true, ValueBias = true, Window = 8 }) with { WindowLayers = [1] }),
            ["qwen3-windows"] = ("qwen3", WithAttention(a => a with { QueryKeyNorm = QueryKeyNorm.Head, Window = 8 })),
            ["mistral"] = ("mistral", WithAttention(a => a with { Window = 8 })),
            ["qwen2"] = ("qwen2", WithAttention(a => a with { QueryBias = true, KeyBias = true, ValueBias = true })),
            ["qwen3"] = ("qwen3", WithAttention(a => a with { QueryKeyNorm = QueryKeyNorm.Head })),
            ["olmo2"] = ("olmo2", WithAttention(a => a with { QueryKeyNorm = QueryKeyNorm.All }) is var olmo ? olmo with { Block = olmo.Block with { Placement = NormPlacement.Branch } } : olmo),
            ["gpt2"] = ("gpt2", gpt2),
            ["gpt2-untied"] = ("gpt2", gpt2 with { TieEmbeddings = false, Block = gpt2.Block with { FeedForward = gpt2.Block.FeedForward with { Width = 20, Activation = Activation.Gelu } } }),
            ["bert"] = ("bert", bert),
            ["bert-pooler-untied"] = ("bert", bert with { Pooler = true, TieEmbeddings = false }),
            ["bert-sequence"] = ("bert", new SequenceClassifierConfig { Encoder = bert with { Pooler = true }, Classes = 3, Pooling = Pooling.Pooler, Dropout = 0.1 }),
            ["bert-token"] = ("bert", new TokenClassifierConfig { Encoder = bert, Classes = 4 }),
            ["roberta"] = ("roberta", roberta),
            ["roberta-sequence"] = ("roberta", new SequenceClassifierConfig { Encoder = roberta with { Pooler = true }, Classes = 3, Pooling = Pooling.Pooler }),
            ["roberta-token"] = ("roberta", new TokenClassifierConfig { Encoder = roberta, Classes = 4 }),
            ["t5"] = ("t5", t5),
            ["t5-gated"] = ("t5", EncoderDecoderConfig.T5Gated(vocabulary: 37, width: 16, layers: 2, heads: 4, headWidth: 6) with { DecoderLayers = 1 }),
            ["t5-silu"] = ("t5", t5 with { Block = t5.Block with { FeedForward = t5.Block.FeedForward with { Gated = true, Activation = Activation.Silu } } }),
            ["vit"] = ("vit", vit),
            ["vit-bare"] = ("vit", vit with { Classes = 0 }),
            ["vit-pooler"] = ("vit", vit with { Classes = 0, Pooler = true }),
            ["wav2vec2"] = ("wav2vec2", new SpeechTranscriberConfig { Encoder = speech, VocabularySize = 9, Blank = 3, Reduction = TranscriptionReduction.Mean }),
            ["wav2vec2-bare"] = ("wav2vec2", stable with { Masking = new() { Frames = 0, Channels = 0 }, LanguageAdapterWidth = 4 }),
            ["wav2vec2-adapter"] = ("wav2vec2", new SpeechTranscriberConfig { Encoder = stable with { Adapter = FrameAdapterConfig.Example }, VocabularySize = 9 }),
            ["wav2vec2-frames"] = ("wav2vec2", new SpeechClassifierConfig { Encoder = speech, Classes = 3, ProjectionWidth = null }),
            ["wav2vec2-pretraining"] = ("wav2vec2", SpeechPretrainerConfig.Example),
            ["hubert"] = ("hubert", new SpeechClassifierConfig { Encoder = stable with { Family = SpeechFamily.Hubert, ProjectionNorm = false }, Classes = 3, ProjectionWidth = 6, MixLayers = true }),
            ["clip"] = ("clip", clip),
            ["clip-text"] = ("clip_text_model", clip.Text with { EndToken = null }),
            ["clip-vision"] = ("clip_vision_model", clip.Vision with { ProjectionWidth = null }),
            // what other tools would compute differently is not written as if it were theirs
            ["mistral-windows"] = ("heirloom", WithAttention(a => a with { Window = 8 }) with { WindowLayers = [0] }),
            ["alibi"] = ("heirloom", llama with { Positions = new AlibiPositionsConfig() }),
            ["llama-ungated"] = ("heirloom", llama with { Block = llama.Block with { FeedForward = llama.Block.FeedForward with { Gated = false } } }),
            ["llama-sandwich"] = ("heirloom", llama with { Block = llama.Block with { Placement = NormPlacement.Sandwich } }),
            ["llama-scaled-scores"] = ("heirloom", WithAttention(a => a with { Scale = 0.5 })),
            ["gpt2-rotary"] = ("heirloom", gpt2 with { Positions = new RotaryPositionsConfig() }),
            ["bert-mean"] = ("heirloom", new SequenceClassifierConfig { Encoder = bert, Classes = 3 }),
            ["vit-mean"] = ("heirloom", vit with { ClassToken = false }),
        };
    }
}
