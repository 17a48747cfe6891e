using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Heirloom.Layers;
using Heirloom.Models.Heads;
using Heirloom.Models.Text;

namespace Heirloom.Checkpoints.Hub;

/// <summary>GPT-NeoX (Black et al. 2022; Pythia): parallel or sequential blocks, partly rotated heads, query, key and value of each head beside each other.</summary>
public sealed class GptNeoXLayout : DecoderLayout
{
    public override ImmutableArray<string> ModelTypes => ["gpt_neox"];

    protected override ImmutableArray<string> Names => ["GPTNeoX"];

    protected override string Prefix => "gpt_neox.";

    protected override ImmutableArray<HubHead> Heads => [HubHead.Language("ForCausalLM"), HubHead.Bare(), LastToken, HubHead.Tokens(), HubHead.Spans()];

    protected override double HeadDropout(HubConfig config, HubHead head) =>
        head.Kind == typeof(TokenClassifierConfig) ? config.Number("classifier_dropout", 0.1, 0, 0.999) : 0;

    protected override DecoderConfig ReadBackbone(HubConfig config)
    {
        var bias = config.Flag("attention_bias", true);
        var positions = HubRotary.Read(config, ("rotary_emb_base", 10000), ("rotary_pct", 0.25));
        return new()
        {
            VocabularySize = config.Size("vocab_size", 50432),
            ContextLength = HubRotary.ContextLength(config, positions, 2048),
            Layers = config.Size("num_hidden_layers", 44, HubBlocks.MaxLayers),
            TieEmbeddings = config.Flag("tie_word_embeddings", false),
            Positions = positions,
            Block = new()
            {
                Width = config.Size("hidden_size", 6144),
                Attention = new()
                {
                    Heads = config.Size("num_attention_heads", 64),
                    QueryBias = bias,
                    KeyBias = bias,
                    ValueBias = bias,
                    OutputBias = bias,
                    Dropout = config.Number("attention_dropout", 0, 0, 0.999),
                },
                FeedForward = new()
                {
                    Width = config.Size("intermediate_size", 24576),
                    Activation = config.Choice("hidden_act", "gelu", HubBlocks.Activations),
                    Gated = false,
                    Bias = true,
                },
                Norm = new LayerNormConfig { Epsilon = config.Number("layer_norm_eps", 1e-5, double.Epsilon, 1) },
                Layout = config.Flag("use_parallel_residual", true) ? BlockLayout.Parallel : BlockLayout.Sequential,
                Dropout = config.Number("hidden_dropout", 0, 0, 0.999),
            },
        };
    }

    protected override JsonObject WriteBackbone(DecoderConfig backbone)
    {
        var block = backbone.Block;
        var json = new JsonObject
        {
            ["model_type"] = ModelTypes[0],
            ["vocab_size"] = backbone.VocabularySize,
            ["max_position_embeddings"] = backbone.ContextLength,
            ["hidden_size"] = block.Width,
            ["num_hidden_layers"] = backbone.Layers,
            ["num_attention_heads"] = block.Attention.Heads,
            ["intermediate_size"] = block.FeedForward.Width,
            ["hidden_act"] = HubBlocks.Name(block.FeedForward.Activation),
            ["layer_norm_eps"] = block.Norm.Epsilon,
            ["use_parallel_residual"] = block.Layout == BlockLayout.Parallel,
            ["attention_bias"] = block.Attention.QueryBias,
            ["attention_dropout"] = block.Attention.Dropout,
            ["hidden_dropout"] = block.Dropout,
            ["tie_word_embeddings"] = backbone.TieEmbeddings,
        };
        HubRotary.Write(json, backbone.Positions, "rotary_emb_base", "rotary_pct");
        return json;
    }

    protected override void AddBackbone(KeyMap map, DecoderConfig backbone, string ours, string hub, HubHead head)
    {
        long width = backbone.Block.Width, hidden = backbone.Block.FeedForward.Width;
        var attention = backbone.Block.Attention;
        map.Add($"{ours}embedding.weight", $"{hub}embed_in.weight", backbone.VocabularySize, width);
        for (var i = 0; i < backbone.Layers; i++)
        {
            var (layer, theirs) = ($"{ours}layers.{i}", $"{hub}layers.{i}");
            map.AddNorm($"{layer}.attention_norm", $"{theirs}.input_layernorm", width, bias: true)
                .AddNorm($"{layer}.feed_forward_norm", $"{theirs}.post_attention_layernorm", width, bias: true)
                .AddGrouped($"{layer}.attention", $"{theirs}.attention.query_key_value", width, width, width, attention.Heads, attention.QueryBias)
                .AddLinear($"{layer}.attention.output", $"{theirs}.attention.dense", width, width, attention.OutputBias)
                .AddLinear($"{layer}.feed_forward.up", $"{theirs}.mlp.dense_h_to_4h", width, hidden, bias: true)
                .AddLinear($"{layer}.feed_forward.down", $"{theirs}.mlp.dense_4h_to_h", hidden, width, bias: true);
        }

        map.AddNorm($"{ours}norm", $"{hub}final_layer_norm", width, bias: true).Ignore(@"\.attention\.(masked_)?bias$|rotary_emb\.inv_freq$");
    }

    protected override void AddVocabulary(KeyMap map, DecoderConfig backbone, string ours, string hub) =>
        AddVocabulary(map, backbone, ours, "embed_out", $"{hub}embed_in.weight");
}
