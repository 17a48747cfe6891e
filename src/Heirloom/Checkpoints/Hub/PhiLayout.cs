using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Heirloom.Layers;
using Heirloom.Models.Text;

namespace Heirloom.Checkpoints.Hub;

/// <summary>Phi (Li et al. 2023; versions 1, 1.5 and 2): parallel branches under one norm, partly rotated heads, biases everywhere and on the vocabulary head.</summary>
public sealed class PhiLayout : DecoderLayout
{
    public override ImmutableArray<string> ModelTypes => ["phi"];

    protected override ImmutableArray<string> Names => ["Phi"];

    protected override string Prefix => "model.";

    protected override ImmutableArray<HubHead> Heads => [HubHead.Language("ForCausalLM"), HubHead.Bare(), LastToken, HubHead.Tokens()];

    protected override DecoderConfig ReadBackbone(HubConfig config)
    {
        var heads = config.Size("num_attention_heads", 32);
        var positions = HubRotary.Read(config, ("rope_theta", 10000), ("partial_rotary_factor", 0.5));
        return new()
        {
            VocabularySize = config.Size("vocab_size", 51200),
            ContextLength = HubRotary.ContextLength(config, positions, 2048),
            Layers = config.Size("num_hidden_layers", 24, HubBlocks.MaxLayers),
            TieEmbeddings = config.Flag("tie_word_embeddings", false),
            HeadBias = true,
            Positions = positions,
            Block = new()
            {
                Width = config.Size("hidden_size", 2048),
                Attention = new AttentionConfig
                {
                    Heads = heads,
                    KeyValueHeads = config.Size("num_key_value_heads", heads),
                    QueryKeyNorm = config.Flag("qk_layernorm", false) ? QueryKeyNorm.Head : QueryKeyNorm.None,
                    Dropout = config.Number("attention_dropout", 0, 0, 0.999),
                }.WithBiases(),
                FeedForward = new()
                {
                    Width = config.Size("intermediate_size", 8192),
                    Activation = config.Choice("hidden_act", "gelu_new", HubBlocks.Activations),
                    Gated = false,
                    Bias = true,
                },
                Norm = new LayerNormConfig { Epsilon = config.Number("layer_norm_eps", 1e-5, double.Epsilon, 1) },
                Layout = BlockLayout.ParallelSharedNorm,
                Dropout = config.Number("resid_pdrop", 0, 0, 0.999),
            },
        };
    }

    protected override JsonObject WriteBackbone(DecoderConfig backbone)
    {
        var (block, attention) = (backbone.Block, backbone.Block.Attention);
        var json = new JsonObject
        {
            ["model_type"] = ModelTypes[0],
            ["vocab_size"] = backbone.VocabularySize,
            ["max_position_embeddings"] = backbone.ContextLength,
            ["hidden_size"] = block.Width,
            ["num_hidden_layers"] = backbone.Layers,
            ["num_attention_heads"] = attention.Heads,
            ["num_key_value_heads"] = attention.KeyHeads(),
            ["qk_layernorm"] = attention.QueryKeyNorm == QueryKeyNorm.Head,
            ["intermediate_size"] = block.FeedForward.Width,
            ["hidden_act"] = HubBlocks.Name(block.FeedForward.Activation),
            ["layer_norm_eps"] = block.Norm.Epsilon,
            ["attention_dropout"] = attention.Dropout,
            ["embd_pdrop"] = block.Dropout,
            ["resid_pdrop"] = block.Dropout,
            ["tie_word_embeddings"] = backbone.TieEmbeddings,
        };
        HubRotary.Write(json, backbone.Positions, "rope_theta", "partial_rotary_factor");
        return json;
    }

    protected override void AddBackbone(KeyMap map, DecoderConfig backbone, string ours, string hub, HubHead head)
    {
        var block = backbone.Block;
        long width = block.Width, hidden = block.FeedForward.Width;
        map.Add($"{ours}embedding.weight", $"{hub}embed_tokens.weight", backbone.VocabularySize, width);
        for (var i = 0; i < backbone.Layers; i++)
        {
            var (layer, theirs) = ($"{ours}layers.{i}", $"{hub}layers.{i}");
            map.AddNorm($"{layer}.attention_norm", $"{theirs}.input_layernorm", width, bias: true)
                .AddAttention($"{layer}.attention", $"{theirs}.self_attn", ("q_proj", "k_proj", "v_proj", "dense"), block)
                .AddLinear($"{layer}.feed_forward.up", $"{theirs}.mlp.fc1", width, hidden, bias: true)
                .AddLinear($"{layer}.feed_forward.down", $"{theirs}.mlp.fc2", hidden, width, bias: true);
            if (block.Attention.QueryKeyNorm == QueryKeyNorm.Head)
            {
                long each = block.Attention.HeadWidthOf(block.Width);
                map.AddNorm($"{layer}.attention.query_norm", $"{theirs}.self_attn.q_layernorm", each, bias: true)
                    .AddNorm($"{layer}.attention.key_norm", $"{theirs}.self_attn.k_layernorm", each, bias: true);
            }
        }

        map.AddNorm($"{ours}norm", $"{hub}final_layernorm", width, bias: true).Ignore(@"rotary_emb\.inv_freq$");
    }

    protected override void AddVocabulary(KeyMap map, DecoderConfig backbone, string ours, string hub) =>
        AddVocabulary(map, backbone, ours, "lm_head", $"{hub}embed_tokens.weight");
}
