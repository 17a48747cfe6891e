using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Heirloom.Layers;
using Heirloom.Models.Text;

namespace Heirloom.Checkpoints.Hub;

/// <summary>
/// Falcon (Almazrouei et al. 2023). The first layout (7B, RW) has multi-query or plain attention, beside the feed-forward under one norm or before it, rotary
/// positions or ALiBi; the new one (40B, 180B, 11B) has grouped queries, always beside the feed-forward, under one norm or two.
/// </summary>
public sealed class FalconLayout : DecoderLayout
{
    public override ImmutableArray<string> ModelTypes => ["falcon"];

    protected override ImmutableArray<string> Names => ["Falcon"];

    protected override string Prefix => "transformer.";

    protected override ImmutableArray<HubHead> Heads => [HubHead.Language("ForCausalLM"), HubHead.Bare(), LastToken, HubHead.Tokens(), HubHead.Spans()];

    protected override DecoderConfig ReadBackbone(HubConfig config)
    {
        var grouped = config.Flag("new_decoder_architecture", false);
        var parallel = config.Flag("parallel_attn", true);
        if (grouped && !parallel)
        {
            throw new UserError("'parallel_attn' is false under 'new_decoder_architecture', which no model is", config.File, "the new layout is always parallel");
        }

        var heads = config.Size("num_attention_heads", 71);
        var width = config.SizeOrNull("n_embed") ?? config.Size("hidden_size", 4544);
        var bias = config.Flag("bias", false);
        PositionsConfig positions = config.Flag("alibi", false)
            ? new AlibiPositionsConfig { Scaled = true, Rounded = true }
            : HubRotary.Read(config, ("rope_theta", 10000), fraction: null);
        return new()
        {
            VocabularySize = config.Size("vocab_size", 65024),
            ContextLength = HubRotary.ContextLength(config, positions, 2048),
            Layers = config.Size("num_hidden_layers", 32, HubBlocks.MaxLayers),
            TieEmbeddings = config.Flag("tie_word_embeddings", true),
            Positions = positions,
            Block = new()
            {
                Width = width,
                Attention = new()
                {
                    Heads = heads,
                    KeyValueHeads = grouped ? config.Size("num_kv_heads", heads) : config.Flag("multi_query", true) ? 1 : heads,
                    QueryBias = bias,
                    KeyBias = bias,
                    ValueBias = bias,
                    OutputBias = bias,
                    Dropout = config.Number("attention_dropout", 0, 0, 0.999),
                },
                FeedForward = new()
                {
                    Width = config.SizeOrNull("ffn_hidden_size") ?? checked(4 * Math.Min(width, int.MaxValue / 4)),
                    Activation = config.Choice("activation", "gelu", HubBlocks.Activations),
                    Gated = false,
                    Bias = bias,
                },
                Norm = new LayerNormConfig { Epsilon = config.Number("layer_norm_epsilon", 1e-5, double.Epsilon, 1) },
                Layout = !parallel ? BlockLayout.Sequential : Norms(config, grouped) == 2 ? BlockLayout.Parallel : BlockLayout.ParallelSharedNorm,
                Dropout = config.Number("hidden_dropout", 0, 0, 0.999),
            },
        };
    }

    protected override JsonObject WriteBackbone(DecoderConfig backbone)
    {
        var (block, attention) = (backbone.Block, backbone.Block.Attention);
        // what both layouts can say is written in the first
        var grouped = IsGrouped(block);
        var json = new JsonObject
        {
            ["model_type"] = ModelTypes[0],
            ["vocab_size"] = backbone.VocabularySize,
            ["max_position_embeddings"] = backbone.ContextLength,
            ["hidden_size"] = block.Width,
            ["num_hidden_layers"] = backbone.Layers,
            ["num_attention_heads"] = attention.Heads,
            ["num_kv_heads"] = attention.KeyHeads(),
            ["new_decoder_architecture"] = grouped,
            ["multi_query"] = attention.KeyHeads() == 1,
            ["parallel_attn"] = block.Layout != BlockLayout.Sequential,
            ["alibi"] = backbone.Positions is AlibiPositionsConfig,
            ["bias"] = block.FeedForward.Bias,
            ["ffn_hidden_size"] = block.FeedForward.Width,
            ["activation"] = HubBlocks.Name(block.FeedForward.Activation),
            ["layer_norm_epsilon"] = block.Norm.Epsilon,
            ["attention_dropout"] = attention.Dropout,
            ["hidden_dropout"] = block.Dropout,
            ["tie_word_embeddings"] = backbone.TieEmbeddings,
        };
        if (grouped)
        {
            json["num_ln_in_parallel_attn"] = block.Layout == BlockLayout.Parallel ? 2 : 1;
        }

        HubRotary.Write(json, backbone.Positions, "rope_theta", fraction: null);
        return json;
    }

    protected override void AddBackbone(KeyMap map, DecoderConfig backbone, string ours, string hub, HubHead head)
    {
        var block = backbone.Block;
        long width = block.Width, hidden = block.FeedForward.Width;
        var (_, keys) = HubBlocks.Widths(block);
        var (first, second) = block.Layout switch
        {
            BlockLayout.Parallel => ("ln_attn", "ln_mlp"),
            BlockLayout.ParallelSharedNorm => ("input_layernorm", null),
            _ => ("input_layernorm", "post_attention_layernorm"),
        };
        map.Add($"{ours}embedding.weight", $"{hub}word_embeddings.weight", backbone.VocabularySize, width);
        for (var i = 0; i < backbone.Layers; i++)
        {
            var (layer, theirs) = ($"{ours}layers.{i}", $"{hub}h.{i}");
            map.AddNorm($"{layer}.attention_norm", $"{theirs}.{first}", width, bias: true)
                // each group of queries with its key and its value; multi-query is one group, plain attention as many as there are heads
                .AddGrouped($"{layer}.attention", $"{theirs}.self_attention.query_key_value", width, width, keys, block.Attention.KeyHeads(), block.Attention.QueryBias)
                .AddLinear($"{layer}.attention.output", $"{theirs}.self_attention.dense", width, width, block.Attention.OutputBias)
                .AddLinear($"{layer}.feed_forward.up", $"{theirs}.mlp.dense_h_to_4h", width, hidden, block.FeedForward.Bias)
                .AddLinear($"{layer}.feed_forward.down", $"{theirs}.mlp.dense_4h_to_h", hidden, width, block.FeedForward.Bias);
            if (second is not null)
            {
                map.AddNorm($"{layer}.feed_forward_norm", $"{theirs}.{second}", width, bias: true);
            }
        }

        map.AddNorm($"{ours}norm", $"{hub}ln_f", width, bias: true).Ignore(@"rotary_emb\.inv_freq$");
    }

    protected override void AddVocabulary(KeyMap map, DecoderConfig backbone, string ours, string hub) =>
        AddVocabulary(map, backbone, ours, "lm_head", $"{hub}word_embeddings.weight");

    private static bool IsGrouped(TransformerBlockConfig block) =>
        block.Layout == BlockLayout.Parallel || block.Attention.KeyHeads() is var keys && keys != 1 && keys != block.Attention.Heads;

    private static int Norms(HubConfig config, bool grouped)
    {
        if (!grouped)
        {
            config.Only("num_ln_in_parallel_attn", "1");
            return 1;
        }

        config.Only("num_ln_in_parallel_attn", "1", "2");
        return config.Size("num_ln_in_parallel_attn", 2);
    }
}
