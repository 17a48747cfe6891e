using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Heirloom.Layers;
using Heirloom.Models;
using Heirloom.Models.Text;

namespace Heirloom.Checkpoints.Hub;

/// <summary>T5 (Raffel et al. 2020), versions 1.0 and 1.1.</summary>
public sealed class T5Layout : HubLayout
{
    private const string Gated = "gated-";

    public override ImmutableArray<string> ModelTypes => ["t5", "mt5"];

    public override ImmutableArray<string> Architectures => ["T5ForConditionalGeneration", "T5WithLMHeadModel", "MT5ForConditionalGeneration"];

    public override ModelConfig ReadConfig(HubConfig config)
    {
        var feedForward = config.Text("feed_forward_proj", "relu");
        var gated = feedForward.StartsWith(Gated, StringComparison.Ordinal);
        var layers = config.Size("num_layers", max: HubBlocks.MaxLayers);
        var dropout = config.Number("dropout_rate", 0.1, 0, 0.999);
        return new EncoderDecoderConfig
        {
            VocabularySize = config.Size("vocab_size"),
            EncoderLayers = layers,
            DecoderLayers = config.Size("num_decoder_layers", layers, HubBlocks.MaxLayers),
            TieEmbeddings = config.Flag("tie_word_embeddings", true),
            DecoderStart = config.Count("decoder_start_token_id", 0),
            RelativePositions = new()
            {
                Buckets = (int)config.Number("relative_attention_num_buckets", 32, 4, 1_000_000),
                MaxDistance = (int)config.Number("relative_attention_max_distance", 128, 4, int.MaxValue),
            },
            Block = new()
            {
                Width = config.Size("d_model"),
                Attention = new() { Heads = config.Size("num_heads"), HeadWidth = config.Size("d_kv", 64), Scale = 1, Dropout = dropout },
                FeedForward = new()
                {
                    Width = config.Size("d_ff"),
                    Gated = gated,
                    // "gated-gelu" has always meant the tanh form
                    Activation = feedForward == Gated + "gelu" ? Activation.GeluTanh : Named(config, gated ? feedForward[Gated.Length..] : feedForward),
                    Dropout = dropout,
                },
                Norm = new RmsNormConfig { Epsilon = config.Number("layer_norm_epsilon", 1e-6, double.Epsilon, 1) },
                Dropout = dropout,
            },
        };
    }

    public override JsonObject WriteConfig(ModelConfig config)
    {
        var t5 = (EncoderDecoderConfig)config;
        var block = t5.Block;
        var activation = HubBlocks.Name(block.FeedForward.Activation);
        return new()
        {
            ["architectures"] = new JsonArray("T5ForConditionalGeneration"),
            ["model_type"] = "t5",
            ["is_encoder_decoder"] = true,
            ["vocab_size"] = t5.VocabularySize,
            ["d_model"] = block.Width,
            ["d_kv"] = block.Attention.HeadWidthOf(block.Width),
            ["d_ff"] = block.FeedForward.Width,
            ["num_layers"] = t5.EncoderLayers,
            ["num_decoder_layers"] = t5.DecoderLayers,
            ["num_heads"] = block.Attention.Heads,
            ["relative_attention_num_buckets"] = t5.RelativePositions.Buckets,
            ["relative_attention_max_distance"] = t5.RelativePositions.MaxDistance,
            ["feed_forward_proj"] = !block.FeedForward.Gated ? activation : Gated + (block.FeedForward.Activation == Activation.GeluTanh ? "gelu" : activation),
            ["layer_norm_epsilon"] = block.Norm.Epsilon,
            ["dropout_rate"] = block.Dropout,
            ["decoder_start_token_id"] = t5.DecoderStart,
            ["pad_token_id"] = t5.DecoderStart,
            ["eos_token_id"] = 1,
            ["tie_word_embeddings"] = t5.TieEmbeddings,
        };
    }

    public override ModelConfig? Essence(ModelConfig config) => config is EncoderDecoderConfig t5
        ? t5 with { Block = HubBlocks.Essence(t5.Block), Initialization = new FanInInitializationConfig() }
        : null;

    public override IReadOnlyList<KeyMap> Maps(ModelConfig config, Lazy<IReadOnlyList<OurTensor>> state)
    {
        var t5 = (EncoderDecoderConfig)config;
        long width = t5.Block.Width;
        var map = new KeyMap()
            .Add("embedding.weight", "shared.weight", t5.VocabularySize, width)
            .Copy("encoder.embed_tokens.weight", "shared.weight")
            .Copy("decoder.embed_tokens.weight", "shared.weight")
            // a table of the first release that no computation reads
            .Ignore(@"EncDecAttention\.relative_attention_bias\.weight$");
        AddStack(map, t5, "encoder", t5.EncoderLayers, cross: false);
        AddStack(map, t5, "decoder", t5.DecoderLayers, cross: true);
        return [t5.TieEmbeddings
            ? map.Copy("lm_head.weight", "shared.weight")
            : map.Add("head.weight", "lm_head.weight", t5.VocabularySize, width)];
    }

    private static void AddStack(KeyMap map, EncoderDecoderConfig t5, string stack, int layers, bool cross)
    {
        long width = t5.Block.Width, hidden = t5.Block.FeedForward.Width;
        map.Add($"{stack}.relative_positions.weight", $"{stack}.block.0.layer.0.SelfAttention.relative_attention_bias.weight",
            t5.RelativePositions.Buckets, t5.Block.Attention.Heads);
        for (var i = 0; i < layers; i++)
        {
            var (ours, hub) = ($"{stack}.layers.{i}", $"{stack}.block.{i}.layer");
            AddAttention(map, t5, $"{ours}.attention", $"{hub}.0", "SelfAttention");
            if (cross)
            {
                AddAttention(map, t5, $"{ours}.cross_attention", $"{hub}.1", "EncDecAttention");
            }

            var dense = $"{hub}.{(cross ? 2 : 1)}";
            if (t5.Block.FeedForward.Gated)
            {
                map.Add($"{ours}.feed_forward.gate.weight", $"{dense}.DenseReluDense.wi_0.weight", hidden, width)
                    .Add($"{ours}.feed_forward.up.weight", $"{dense}.DenseReluDense.wi_1.weight", hidden, width);
            }
            else
            {
                map.Add($"{ours}.feed_forward.up.weight", $"{dense}.DenseReluDense.wi.weight", hidden, width);
            }

            map.Add($"{ours}.feed_forward.down.weight", $"{dense}.DenseReluDense.wo.weight", width, hidden)
                .AddNorm($"{ours}.feed_forward_norm", $"{dense}.layer_norm", width, bias: false);
        }

        map.AddNorm($"{stack}.norm", $"{stack}.final_layer_norm", width, bias: false);
    }

    private static void AddAttention(KeyMap map, EncoderDecoderConfig t5, string ours, string hub, string name)
    {
        long width = t5.Block.Width;
        var (queries, _) = HubBlocks.Widths(t5.Block);
        map.AddLinear($"{ours}.query", $"{hub}.{name}.q", width, queries, bias: false)
            .AddLinear($"{ours}.key", $"{hub}.{name}.k", width, queries, bias: false)
            .AddLinear($"{ours}.value", $"{hub}.{name}.v", width, queries, bias: false)
            .AddLinear($"{ours}.output", $"{hub}.{name}.o", queries, width, bias: false)
            .AddNorm($"{ours}_norm", $"{hub}.layer_norm", width, bias: false);
    }

    private static Activation Named(HubConfig config, string name) => HubBlocks.Activations.TryGetValue(name, out var activation) ? activation : throw new UserError(
        $"'feed_forward_proj' names an activation that is not supported", config.File, $"supported: {string.Join(", ", HubBlocks.Activations.Keys.Order(StringComparer.Ordinal))}, each with or without '{Gated}'");
}
