using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Heirloom.Layers;
using Heirloom.Models;
using Heirloom.Models.Text;

namespace Heirloom.Checkpoints.Hub;

/// <summary>GPT-2, whose linear layers lie transposed and whose query, key and value lie in one.</summary>
public sealed class Gpt2Layout : HubLayout
{
    public override ImmutableArray<string> ModelTypes => ["gpt2"];

    public override ImmutableArray<string> Architectures => ["GPT2LMHeadModel", "GPT2Model"];

    public override ModelConfig ReadConfig(HubConfig config)
    {
        config.Only("scale_attn_weights", "true");
        config.Only("scale_attn_by_inverse_layer_idx", "false");
        config.Only("add_cross_attention", "false");
        var width = config.Size("n_embd");
        return new DecoderConfig
        {
            VocabularySize = config.Size("vocab_size"),
            ContextLength = config.Size("n_positions", config.SizeOrNull("n_ctx") ?? 1024),
            Layers = config.Size("n_layer", max: HubBlocks.MaxLayers),
            TieEmbeddings = config.Flag("tie_word_embeddings", true),
            Positions = new LearnedPositionsConfig(),
            Block = new()
            {
                Width = width,
                Attention = new AttentionConfig { Heads = config.Size("n_head"), Dropout = config.Number("attn_pdrop", 0.1, 0, 0.999) }.WithBiases(),
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

    public override JsonObject WriteConfig(ModelConfig config)
    {
        var decoder = (DecoderConfig)config;
        var block = decoder.Block;
        return new()
        {
            ["architectures"] = new JsonArray("GPT2LMHeadModel"),
            ["model_type"] = "gpt2",
            ["vocab_size"] = decoder.VocabularySize,
            ["n_positions"] = decoder.ContextLength,
            ["n_ctx"] = decoder.ContextLength,
            ["n_embd"] = block.Width,
            ["n_layer"] = decoder.Layers,
            ["n_head"] = block.Attention.Heads,
            ["n_inner"] = block.FeedForward.Width,
            ["activation_function"] = HubBlocks.Name(block.FeedForward.Activation),
            ["layer_norm_epsilon"] = block.Norm.Epsilon,
            ["attn_pdrop"] = block.Attention.Dropout,
            ["embd_pdrop"] = block.Dropout,
            ["resid_pdrop"] = block.Dropout,
            ["tie_word_embeddings"] = decoder.TieEmbeddings,
        };
    }

    public override ModelConfig? Essence(ModelConfig config) => config is DecoderConfig decoder
        ? decoder with { Block = HubBlocks.Essence(decoder.Block), Initialization = new NormalInitializationConfig() }
        : null;

    public override IReadOnlyList<KeyMap> Maps(ModelConfig config, Lazy<IReadOnlyList<OurTensor>> state)
    {
        var decoder = (DecoderConfig)config;
        long width = decoder.Block.Width, inner = decoder.Block.FeedForward.Width;
        var map = new KeyMap("transformer.")
            .Add("embedding.weight", "transformer.wte.weight", decoder.VocabularySize, width)
            .Add("positions.weight", "transformer.wpe.weight", decoder.ContextLength, width);
        for (var i = 0; i < decoder.Layers; i++)
        {
            var (ours, hub) = ($"layers.{i}", $"transformer.h.{i}");
            map.AddNorm($"{ours}.attention_norm", $"{hub}.ln_1", width, bias: true)
                .Add(new KeyRule($"{hub}.attn.c_attn.weight", QueryKeyValue(ours, "weight", width, width), new Fused(Transpose: true)))
                .Add(new KeyRule($"{hub}.attn.c_attn.bias", QueryKeyValue(ours, "bias", width), new Fused()))
                .AddTransposed($"{ours}.attention.output", $"{hub}.attn.c_proj", width, width)
                .AddNorm($"{ours}.feed_forward_norm", $"{hub}.ln_2", width, bias: true)
                .AddTransposed($"{ours}.feed_forward.up", $"{hub}.mlp.c_fc", width, inner)
                .AddTransposed($"{ours}.feed_forward.down", $"{hub}.mlp.c_proj", inner, width);
        }

        map.AddNorm("norm", "transformer.ln_f", width, bias: true).Ignore(@"\.attn\.(masked_)?bias$");
        return [decoder.TieEmbeddings
            ? map.Copy("lm_head.weight", "transformer.wte.weight")
            : map.Add("head.weight", "lm_head.weight", decoder.VocabularySize, width)];
    }

    private static ImmutableArray<OurTensor> QueryKeyValue(string layer, string kind, params ImmutableArray<long> shape) =>
        [.. ((string[])["query", "key", "value"]).Select(part => new OurTensor($"{layer}.attention.{part}.{kind}", shape))];
}
