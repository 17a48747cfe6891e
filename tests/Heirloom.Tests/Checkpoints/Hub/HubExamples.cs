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
        var t5Encoder = new EncoderConfig
        {
            VocabularySize = 37, ContextLength = 24, Layers = 2, Block = t5.Block, Positions = t5.Positions, EmbeddingNorm = false, Head = false, Initialization = new FanInInitializationConfig(),
        };
        var vit = VisionTransformerConfig.Vit(image: 8, patch: 4, channels: 3, width: 16, layers: 2, heads: 4, classes: 5);

        var speech = SpeechEncoderConfig.Example;
        var stable = speech with { Block = speech.Block with { Placement = NormPlacement.Pre }, WaveformNorm = WaveformNorm.EveryLayerOverChannels, WaveformBias = true };
        var clip = ClipConfig.Example;

        var albert = EncoderConfig.Albert(vocabulary: 37, context: 24, width: 16, layers: 3, heads: 4, embedding: 8);
        var neox = gpt2 with
        {
            HubFamily = "gpt_neox", TieEmbeddings = false, Positions = new RotaryPositionsConfig { Fraction = 0.5 }, Block = gpt2.Block with { Layout = BlockLayout.Parallel },
        };
        var falcon = DecoderConfig.Llama(vocabulary: 37, context: 24, width: 16, layers: 2, heads: 4) is var plain ? plain with
        {
            Block = plain.Block with
            {
                Layout = BlockLayout.ParallelSharedNorm,
                Norm = new LayerNormConfig(),
                Attention = plain.Block.Attention with { KeyValueHeads = 1 },
                FeedForward = new() { Width = 64, Activation = Activation.Gelu, Gated = false },
            },
        } : plain;
        var bart = EncoderDecoderConfig.Bart(vocabulary: 37, context: 24, width: 16, layers: 2, heads: 4);
        DecoderConfig WithAttention(Func<AttentionConfig, AttentionConfig> change) => llama with { Block = llama.Block with { Attention = change(llama.Block.Attention) } };
        return new()
        {
            ["llama"] = ("llama", llama),
            ["llama-tied"] = ("llama", llama with { TieEmbeddings = true }),
            ["llama-multi-query"] = ("llama", WithAttention(a => a with { KeyValueHeads = 1 })),
            ["llama-own-head-width"] = ("llama", WithAttention(a => a with { HeadWidth = 6 })),
            ["llama-biases"] = ("llama", WithAttention(a => a.WithBiases()) with { Positions = new RotaryPositionsConfig { Base = 500000 } }),
            ["llama-feed-forward-biases"] = ("llama", llama with { Block = llama.Block with { FeedForward = llama.Block.FeedForward with { Bias = true } } }),
            ["qwen3-biases"] = ("qwen3", WithAttention(a => a.WithBiases() with { QueryKeyNorm = QueryKeyNorm.Head })),
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
            ["bert-untied"] = ("bert", bert with { TieEmbeddings = false }),
            ["bert-bare"] = ("bert", bert with { Head = false, Pooler = true }),
            ["bert-sequence"] = ("bert", new SequenceClassifierConfig { Encoder = bert with { Head = false, Pooler = true }, Classes = 3, Pooling = Pooling.Pooler, Dropout = 0.1 }),
            ["bert-token"] = ("bert", new TokenClassifierConfig { Encoder = bert with { Head = false }, Classes = 4 }),
            ["bert-spans"] = ("bert", new SpanExtractorConfig { Encoder = bert with { Head = false } }),
            ["bert-choices"] = ("bert", new ChoiceScorerConfig { Encoder = bert with { Head = false, Pooler = true }, Pooling = Pooling.Pooler }),
            ["bert-pretraining"] = ("bert", new SentencePairLMConfig { Encoder = bert with { Pooler = true } }),
            ["bert-next-sentence"] = ("bert", new SentencePairLMConfig { Encoder = bert with { Head = false, Pooler = true } }),
            ["roberta"] = ("roberta", roberta),
            ["roberta-bare"] = ("roberta", roberta with { Head = false, Pooler = true }),
            ["roberta-sequence"] = ("roberta", new SequenceClassifierConfig { Encoder = roberta with { Head = false }, Classes = 3, Pooling = Pooling.First, Transform = Activation.Tanh }),
            ["roberta-token"] = ("roberta", new TokenClassifierConfig { Encoder = roberta with { Head = false }, Classes = 4 }),
            ["xlm-roberta"] = ("xlm-roberta", roberta with { HubFamily = "xlm-roberta" }),
            ["gpt2-scales"] = ("gpt2", gpt2 with { Block = gpt2.Block with { Attention = gpt2.Block.Attention with { Scale = 1, ScaleByLayer = true } } }),
            ["gpt2-bare"] = ("gpt2", gpt2 with { Head = false }),
            ["gpt2-sequence"] = ("gpt2", new SequenceClassifierConfig { Encoder = gpt2 with { Head = false }, Classes = 3, Pooling = Pooling.Last, Bias = false, PoolingToken = 0 }),
            ["gpt2-token"] = ("gpt2", new TokenClassifierConfig { Encoder = gpt2 with { Head = false }, Classes = 3 }),
            ["llama-sequence"] = ("llama", new SequenceClassifierConfig { Encoder = llama with { Head = false, TieEmbeddings = true }, Classes = 3, Pooling = Pooling.Last, Bias = false }),
            ["llama-spans"] = ("llama", new SpanExtractorConfig { Encoder = llama with { Head = false, TieEmbeddings = true } }),
            ["t5-encoder"] = ("t5", t5Encoder),
            ["t5-encoder-token"] = ("t5", new TokenClassifierConfig { Encoder = t5Encoder, Classes = 3 }),
            ["t5-sequence"] = ("t5", new SequenceClassifierConfig { Encoder = t5 with { Head = false }, Classes = 3, Pooling = Pooling.End, PoolingToken = 1, Transform = Activation.Tanh }),
            ["t5"] = ("t5", t5),
            ["t5-gated"] = ("t5", EncoderDecoderConfig.T5Gated(vocabulary: 37, width: 16, layers: 2, heads: 4, headWidth: 6) with { DecoderLayers = 1 }),
            ["t5-silu"] = ("t5", t5 with { Block = t5.Block with { FeedForward = t5.Block.FeedForward with { Gated = true, Activation = Activation.Silu } } }),
            ["albert"] = ("albert", albert),
            ["albert-groups"] = ("albert", albert with { Layers = 4, Sharing = new() { Groups = 2, LayersPerGroup = 3 } }),
            ["albert-sequence"] = ("albert", new SequenceClassifierConfig { Encoder = albert with { Head = false, Pooler = true }, Classes = 3, Pooling = Pooling.Pooler }),
            ["albert-pretraining"] = ("albert", new SentencePairLMConfig { Encoder = albert with { Pooler = true } }),
            ["electra"] = ("electra", EncoderConfig.Electra(37, 24, 16, 2, 4, embedding: 8)),
            ["electra-same-width"] = ("electra", bert with { HubFamily = "electra" }),
            ["electra-discriminator"] = ("electra", new ReplacedTokenDetectorConfig { Encoder = bert with { Head = false }, Transform = Activation.Gelu }),
            ["electra-choices"] = ("electra", new ChoiceScorerConfig { Encoder = EncoderConfig.Electra(37, 24, 16, 2, 4, embedding: 8) with { Head = false }, Transform = Activation.Gelu }),
            ["distilbert"] = ("distilbert", EncoderConfig.DistilBert(37, 24, 16, 2, 4)),
            ["distilbert-sequence"] = ("distilbert", new SequenceClassifierConfig { Encoder = EncoderConfig.DistilBert(37, 24, 16, 2, 4) with { Head = false }, Classes = 3, Pooling = Pooling.First, Transform = Activation.Relu }),
            ["gpt-neox"] = ("gpt_neox", neox),
            ["gpt-neox-sequential"] = ("gpt_neox", neox with { Block = neox.Block with { Layout = BlockLayout.Sequential } }),
            ["falcon"] = ("falcon", falcon),
            ["falcon-alibi"] = ("falcon", falcon with { Positions = new AlibiPositionsConfig { Scaled = true, Rounded = true } }),
            ["falcon-grouped"] = ("falcon", falcon with { Block = falcon.Block with { Layout = BlockLayout.Parallel, Attention = falcon.Block.Attention with { KeyValueHeads = 2 } } }),
            ["falcon-grouped-one-norm"] = ("falcon", falcon with { Block = falcon.Block with { Attention = falcon.Block.Attention with { KeyValueHeads = 2 } } }),
            ["phi"] = ("phi", neox with { HubFamily = null, HeadBias = true, Block = neox.Block with { Layout = BlockLayout.ParallelSharedNorm, Attention = neox.Block.Attention with { KeyValueHeads = 2, QueryKeyNorm = QueryKeyNorm.Head } } }),
            ["bart"] = ("bart", bart),
            ["bart-uneven"] = ("bart", bart with { DecoderLayers = 1, EmbeddingScale = 4, DecoderBlock = bart.Block with { Attention = bart.Block.Attention with { Heads = 2 }, FeedForward = bart.Block.FeedForward with { Width = 20 } } }),
            ["mbart"] = ("mbart", bart with { StartsWithLast = true, Block = bart.Block with { Placement = NormPlacement.Pre } }),
            ["vit-masked"] = ("vit", new MaskedImageModelConfig { Encoder = vit with { Classes = 0 } }),
            ["bart-bare"] = ("bart", bart with { Head = false, HeadBias = false }),
            ["bart-sequence"] = ("bart", new SequenceClassifierConfig { Encoder = bart with { Head = false, HeadBias = false }, Classes = 3, Pooling = Pooling.End, PoolingToken = 2, Transform = Activation.Tanh }),
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
            ["mistral-biases"] = ("heirloom", WithAttention(a => a.WithBiases() with { Window = 8 })),
            ["qwen3-feed-forward-biases"] = ("heirloom", WithAttention(a => a with { QueryKeyNorm = QueryKeyNorm.Head }) is var qwen
                ? qwen with { Block = qwen.Block with { FeedForward = qwen.Block.FeedForward with { Bias = true } } } : qwen),
            ["llama-partial"] = ("heirloom", llama with { Positions = new RotaryPositionsConfig { Fraction = 0.5 } }),
            ["alibi"] = ("heirloom", llama with { Positions = new AlibiPositionsConfig() }),
            ["llama-ungated"] = ("heirloom", llama with { Block = llama.Block with { FeedForward = llama.Block.FeedForward with { Gated = false } } }),
            ["llama-sandwich"] = ("heirloom", llama with { Block = llama.Block with { Placement = NormPlacement.Sandwich } }),
            ["llama-scaled-scores"] = ("heirloom", WithAttention(a => a with { Scale = 0.5 })),
            ["gpt2-rotary"] = ("falcon", gpt2 with { Positions = new RotaryPositionsConfig() }),
            ["bert-mean"] = ("heirloom", new SequenceClassifierConfig { Encoder = bert, Classes = 3 }),
            ["vit-mean"] = ("heirloom", vit with { ClassToken = false }),
        };
    }
}
