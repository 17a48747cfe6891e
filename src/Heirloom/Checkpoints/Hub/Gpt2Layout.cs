using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Heirloom.Layers;
using Heirloom.Models.Text;

namespace Heirloom.Checkpoints.Hub;

/// <summary>GPT-2 (Radford et al. 2019), whose linear layers lie transposed and whose query, key and value lie in one.</summary>
public sealed class Gpt2Layout : DecoderLayout
{
    public override ImmutableArray<string> ModelTypes => ["gpt2"];

    protected override ImmutableArray<string> Names => ["GPT2"];

    protected override string Prefix => "transformer.";

    protected override ImmutableArray<HubHead> Heads => [HubHead.Language("LMHeadModel"), HubHead.Bare(), LastToken, HubHead.Tokens(), HubHead.Spans()];

    protected override DecoderConfig ReadBackbone(HubConfig config)
    {
        config.Only("add_cross_attention", "false");
        var width = config.Size("n_embd");
        return new()
        {
            VocabularySize = config.Size("vocab_size"),
            ContextLength = config.Size("n_positions", config.SizeOrNull("n_ctx") ?? 1024),
            Layers = config.Size("n_layer", max: HubBlocks.MaxLayers),
            TieEmbeddings = config.Flag("tie_word_embeddings", true),
            Positions = new LearnedPositionsConfig(),
            Block = new()
            {
                Width = width,
                Attention = new AttentionConfig
                {
                    Heads = config.Size("n_head"),
                    Scale = config.Flag("scale_attn_weights", true) ? null : 1,
                    ScaleByLayer = config.Flag("scale_attn_by_inverse_layer_idx", false),
                    Dropout = config.Number("attn_pdrop", 0.1, 0, 0.999),
                }.WithBiases(),
                FeedForward = new()
                {
                    Width = config.SizeOrNull("n_inner") ?? checked(4 * Math.Min(width, int.MaxValue / 4)),
                    Activation = config.Choice("activation_function", "gelu_new", HubBlocks.Activations),
                    Gated = false,
                    Bias = true,
                },
                Norm = new LayerNormConfig { Epsilon = config.Number("layer_norm_epsilon", 1e-5, double.Epsilon, 1) },
                Dropout = config.Number("resid_pdrop", 0.1, 0, 0.999),
            },
        };
    }

    protected override JsonObject WriteBackbone(DecoderConfig backbone)
    {
        var block = backbone.Block;
        return new()
        {
            ["model_type"] = "gpt2",
            ["vocab_size"] = backbone.VocabularySize,
            ["n_positions"] = backbone.ContextLength,
            ["n_ctx"] = backbone.ContextLength,
            ["n_embd"] = block.Width,
            ["n_layer"] = backbone.Layers,
            ["n_head"] = block.Attention.Heads,
            ["n_inner"] = block.FeedForward.Width,
            ["activation_function"] = HubBlocks.Name(block.FeedForward.Activation),
            ["layer_norm_epsilon"] = block.Norm.Epsilon,
            ["attn_pdrop"] = block.Attention.Dropout,
            ["embd_pdrop"] = block.Dropout,
            ["resid_pdrop"] = block.Dropout,
            ["scale_attn_weights"] = block.Attention.Scale is null,
            ["scale_attn_by_inverse_layer_idx"] = block.Attention.ScaleByLayer,
            ["tie_word_embeddings"] = backbone.TieEmbeddings,
        };
    }

    protected override void AddBackbone(KeyMap map, DecoderConfig backbone, string ours, string hub, HubHead head)
    {
        long width = backbone.Block.Width, inner = backbone.Block.FeedForward.Width;
        map.Add($"{ours}embedding.weight", $"{hub}wte.weight", backbone.VocabularySize, width)
            .Add($"{ours}positions.weight", $"{hub}wpe.weight", backbone.ContextLength, width);
        for (var i = 0; i < backbone.Layers; i++)
        {
            var (layer, theirs) = ($"{ours}layers.{i}", $"{hub}h.{i}");
            map.AddNorm($"{layer}.attention_norm", $"{theirs}.ln_1", width, bias: true)
                .Add(new KeyRule($"{theirs}.attn.c_attn.weight", KeyMap.QueryKeyValue($"{layer}.attention", "weight", width, width, width), new Fused(Transpose: true)))
                .Add(new KeyRule($"{theirs}.attn.c_attn.bias", KeyMap.QueryKeyValue($"{layer}.attention", "bias", width, width), new Fused()))
                .AddTransposed($"{layer}.attention.output", $"{theirs}.attn.c_proj", width, width)
                .AddNorm($"{layer}.feed_forward_norm", $"{theirs}.ln_2", width, bias: true)
                .AddTransposed($"{layer}.feed_forward.up", $"{theirs}.mlp.c_fc", width, inner)
                .AddTransposed($"{layer}.feed_forward.down", $"{theirs}.mlp.c_proj", inner, width);
        }

        map.AddNorm($"{ours}norm", $"{hub}ln_f", width, bias: true).Ignore(@"\.attn\.(masked_)?bias$");
    }

    protected override void AddVocabulary(KeyMap map, DecoderConfig backbone, string ours, string hub) =>
        AddVocabulary(map, backbone, ours, "lm_head", $"{hub}wte.weight");
}
