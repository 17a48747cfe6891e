using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Heirloom.Layers;
using Heirloom.Models.Heads;
using Heirloom.Models.Text;

namespace Heirloom.Checkpoints.Hub;

/// <summary>What BART and the families that grew out of it have in common: keys, names, and a table of positions that begins with two unused rows.</summary>
public abstract class BartFamilyLayout : EncoderDecoderLayout
{
    /// <summary>Rows of the position table that no position uses.</summary>
    private const int Offset = 2;

    protected sealed override string Prefix => "model.";

    /// <summary>Where the norms of a layer stand; before the branches, each stack ends in a norm too.</summary>
    protected abstract NormPlacement Placement { get; }

    /// <summary>See <see cref="EncoderDecoderConfig.StartsWithLast"/>.</summary>
    protected abstract bool StartsWithLast { get; }

    protected sealed override ImmutableArray<HubHead> Heads =>
    [
        HubHead.Language("ForConditionalGeneration"), HubHead.Bare(), HubHead.Spans(),
        HubHead.Sequence(Pooling.End) with
        {
            Transform = ("classification_head.dense", Activation.Tanh),
            Classifier = "classification_head.out_proj",
            PoolingToken = ("eos_token_id", 2),
        },
    ];

    protected sealed override EncoderDecoderConfig ReadBackbone(HubConfig config)
    {
        // checkpoints of other families under this name: norms elsewhere
        var before = Placement == NormPlacement.Pre ? "true" : "false";
        config.Only("normalize_before", before);
        config.Only("add_final_layer_norm", before);
        config.Only("normalize_embedding", "true");
        config.Only("static_position_embeddings", "false");
        var width = config.Size("d_model", 1024);
        var (encoder, decoder) = (Block(config, "encoder", width), Block(config, "decoder", width));
        return new()
        {
            VocabularySize = config.Size("vocab_size", 50265),
            ContextLength = config.Size("max_position_embeddings", 1024),
            EncoderLayers = config.Size("encoder_layers", 12, HubBlocks.MaxLayers),
            DecoderLayers = config.Size("decoder_layers", 12, HubBlocks.MaxLayers),
            Block = encoder,
            DecoderBlock = decoder == encoder ? null : decoder,
            Positions = new LearnedPositionsConfig { Offset = Offset },
            EmbeddingScale = config.Flag("scale_embedding", false) ? Math.Sqrt(width) : 1,
            EmbeddingNorm = true,
            TieEmbeddings = config.Flag("tie_word_embeddings", true),
            HeadBias = true,
            HeadScale = 1,
            DecoderStart = config.Count("decoder_start_token_id", 2),
            StartsWithLast = StartsWithLast,
            OutputDropout = false,
            PaddingToken = config.Count("pad_token_id", 1),
            Initialization = new NormalInitializationConfig { ScaleResidual = false },
        };
    }

    protected sealed override JsonObject WriteBackbone(EncoderDecoderConfig backbone)
    {
        var (encoder, decoder) = (backbone.Block, backbone.DecoderBlockOrSame());
        return new()
        {
            ["model_type"] = ModelTypes[0],
            ["is_encoder_decoder"] = true,
            ["vocab_size"] = backbone.VocabularySize,
            ["max_position_embeddings"] = backbone.ContextLength,
            ["d_model"] = encoder.Width,
            ["encoder_layers"] = backbone.EncoderLayers,
            ["encoder_attention_heads"] = encoder.Attention.Heads,
            ["encoder_ffn_dim"] = encoder.FeedForward.Width,
            ["decoder_layers"] = backbone.DecoderLayers,
            ["decoder_attention_heads"] = decoder.Attention.Heads,
            ["decoder_ffn_dim"] = decoder.FeedForward.Width,
            ["activation_function"] = HubBlocks.Name(encoder.FeedForward.Activation),
            ["scale_embedding"] = backbone.EmbeddingScale != 1,
            ["dropout"] = encoder.Dropout,
            ["attention_dropout"] = encoder.Attention.Dropout,
            ["activation_dropout"] = encoder.FeedForward.Dropout,
            ["decoder_start_token_id"] = backbone.DecoderStart,
            ["pad_token_id"] = backbone.PaddingToken,
            ["tie_word_embeddings"] = backbone.TieEmbeddings,
        };
    }

    protected sealed override void AddBackbone(KeyMap map, EncoderDecoderConfig backbone, string ours, string hub, HubHead head)
    {
        map.Add($"{ours}embedding.weight", $"{hub}shared.weight", backbone.VocabularySize, backbone.Block.Width)
            .Copy($"{hub}encoder.embed_tokens.weight", $"{hub}shared.weight")
            .Copy($"{hub}decoder.embed_tokens.weight", $"{hub}shared.weight");
        AddStack(map, backbone, backbone.Block, $"{ours}encoder", $"{hub}encoder", backbone.EncoderLayers, cross: false);
        AddStack(map, backbone, backbone.DecoderBlockOrSame(), $"{ours}decoder", $"{hub}decoder", backbone.DecoderLayers, cross: true);
    }

    protected sealed override void AddVocabulary(KeyMap map, EncoderDecoderConfig backbone, string ours, string hub)
    {
        long width = backbone.Block.Width, rows = backbone.VocabularySize;
        map.Add(new KeyRule("final_logits_bias", [new($"{ours}head.bias", [rows])], LeadingOne.Instance));
        _ = backbone.TieEmbeddings ? map.Copy("lm_head.weight", $"{hub}shared.weight") : map.Add($"{ours}head.weight", "lm_head.weight", rows, width);
    }

    private static void AddStack(KeyMap map, EncoderDecoderConfig backbone, TransformerBlockConfig block, string ours, string hub, int layers, bool cross)
    {
        long width = block.Width, hidden = block.FeedForward.Width;
        map.Add($"{ours}.positions.weight", $"{hub}.embed_positions.weight", (backbone.ContextLength ?? 0L) + Offset, width)
            .AddNorm($"{ours}.embedding_norm", $"{hub}.layernorm_embedding", width, bias: true);
        if (block.Placement == NormPlacement.Pre)
        {
            map.AddNorm($"{ours}.norm", $"{hub}.layer_norm", width, bias: true);
        }

        for (var i = 0; i < layers; i++)
        {
            var (layer, theirs) = ($"{ours}.layers.{i}", $"{hub}.layers.{i}");
            AddAttention(map, block, $"{layer}.attention", $"{theirs}.self_attn");
            if (cross)
            {
                AddAttention(map, block, $"{layer}.cross_attention", $"{theirs}.encoder_attn");
            }

            map.AddLinear($"{layer}.feed_forward.up", $"{theirs}.fc1", width, hidden, bias: true)
                .AddLinear($"{layer}.feed_forward.down", $"{theirs}.fc2", hidden, width, bias: true)
                .AddNorm($"{layer}.feed_forward_norm", $"{theirs}.final_layer_norm", width, bias: true);
        }
    }

    private static void AddAttention(KeyMap map, TransformerBlockConfig block, string ours, string hub) =>
        map.AddAttention(ours, hub, ("q_proj", "k_proj", "v_proj", "out_proj"), block)
            .AddNorm($"{ours}_norm", $"{hub}_layer_norm", block.Width, bias: true);

    private TransformerBlockConfig Block(HubConfig config, string stack, int width) => new()
    {
        Width = width,
        Attention = new AttentionConfig { Heads = config.Size($"{stack}_attention_heads", 16), Dropout = config.Number("attention_dropout", 0, 0, 0.999) }.WithBiases(),
        FeedForward = new()
        {
            Width = config.Size($"{stack}_ffn_dim", 4096),
            Activation = config.Choice("activation_function", "gelu", HubBlocks.Activations),
            Gated = false,
            Bias = true,
            Dropout = config.Number("activation_dropout", 0, 0, 0.999),
        },
        Norm = new LayerNormConfig(),
        Placement = Placement,
        Dropout = config.Number("dropout", 0.1, 0, 0.999),
    };
}
