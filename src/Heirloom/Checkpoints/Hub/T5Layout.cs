using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Heirloom.Layers;
using Heirloom.Models.Heads;
using Heirloom.Models.Text;

namespace Heirloom.Checkpoints.Hub;

/// <summary>T5 (Raffel et al. 2020), versions 1.0 and 1.1.</summary>
public sealed class T5Layout : EncoderDecoderLayout
{
    private const string Gated = "gated-";

    public override ImmutableArray<string> ModelTypes => ["t5", "mt5"];

    protected override ImmutableArray<string> Names => ["T5", "MT5"];

    protected override string Prefix => "";

    protected override ImmutableArray<HubHead> Heads =>
    [
        HubHead.Language("ForConditionalGeneration"), HubHead.Language("WithLMHeadModel"), HubHead.Bare(), HubHead.Spans(),
        HubHead.Sequence(Pooling.End) with
        {
            Prefix = "transformer.",
            Transform = ("classification_head.dense", Activation.Tanh),
            Classifier = "classification_head.out_proj",
            PoolingToken = ("eos_token_id", 1),
        },
    ];

    protected override EncoderDecoderConfig ReadBackbone(HubConfig config) => Read(config);

    protected override JsonObject WriteBackbone(EncoderDecoderConfig t5) => Write(t5);

    internal static EncoderDecoderConfig Read(HubConfig config)
    {
        // what a file leaves out is the family's default; mT5 is of version 1.1
        var second = config.ModelType == "mt5";
        var feedForward = config.Text("feed_forward_proj", second ? "gated-gelu" : "relu");
        var gated = feedForward.StartsWith(Gated, StringComparison.Ordinal);
        var layers = config.Size("num_layers", second ? 8 : 6, HubBlocks.MaxLayers);
        var dropout = config.Number("dropout_rate", 0.1, 0, 0.999);
        return new()
        {
            VocabularySize = config.Size("vocab_size", second ? 250112 : 32128),
            EncoderLayers = layers,
            DecoderLayers = config.Size("num_decoder_layers", layers, HubBlocks.MaxLayers),
            TieEmbeddings = config.Flag("tie_word_embeddings", !second),
            DecoderStart = config.Count("decoder_start_token_id", 0),
            PaddingToken = config.Count("pad_token_id", 0),
            Positions = new RelativePositionsConfig
            {
                Buckets = (int)config.Number("relative_attention_num_buckets", 32, 4, 1_000_000),
                MaxDistance = (int)config.Number("relative_attention_max_distance", 128, 4, int.MaxValue),
            },
            Block = new()
            {
                Width = config.Size("d_model", 512),
                Attention = new() { Heads = config.Size("num_heads", second ? 6 : 8), HeadWidth = config.Size("d_kv", 64), Scale = 1, Dropout = dropout },
                FeedForward = new()
                {
                    Width = config.Size("d_ff", second ? 1024 : 2048),
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

    internal static JsonObject Write(EncoderDecoderConfig t5)
    {
        var block = t5.Block;
        var positions = t5.Positions as RelativePositionsConfig ?? new();
        var activation = HubBlocks.Name(block.FeedForward.Activation);
        return new()
        {
            ["model_type"] = "t5",
            ["is_encoder_decoder"] = true,
            ["vocab_size"] = t5.VocabularySize,
            ["d_model"] = block.Width,
            ["d_kv"] = block.Attention.HeadWidthOf(block.Width),
            ["d_ff"] = block.FeedForward.Width,
            ["num_layers"] = t5.EncoderLayers,
            ["num_decoder_layers"] = t5.DecoderLayers,
            ["num_heads"] = block.Attention.Heads,
            ["relative_attention_num_buckets"] = positions.Buckets,
            ["relative_attention_max_distance"] = positions.MaxDistance,
            ["feed_forward_proj"] = !block.FeedForward.Gated ? activation : Gated + (block.FeedForward.Activation == Activation.GeluTanh ? "gelu" : activation),
            ["layer_norm_epsilon"] = block.Norm.Epsilon,
            ["dropout_rate"] = block.Dropout,
            ["decoder_start_token_id"] = t5.DecoderStart,
            ["pad_token_id"] = t5.PaddingToken,
            ["eos_token_id"] = 1,
            ["tie_word_embeddings"] = t5.TieEmbeddings,
        };
    }

    protected override void AddBackbone(KeyMap map, EncoderDecoderConfig t5, string ours, string hub, HubHead head)
    {
        map.Add($"{ours}embedding.weight", $"{hub}shared.weight", t5.VocabularySize, t5.Block.Width)
            .Copy($"{hub}encoder.embed_tokens.weight", $"{hub}shared.weight")
            .Copy($"{hub}decoder.embed_tokens.weight", $"{hub}shared.weight")
            // a table of the first release that no computation reads
            .Ignore(@"EncDecAttention\.relative_attention_bias\.weight$");
        AddStack(map, t5, $"{ours}encoder.", $"{hub}encoder", t5.EncoderLayers, cross: false);
        AddStack(map, t5, $"{ours}decoder.", $"{hub}decoder", t5.DecoderLayers, cross: true);
    }

    protected override void AddVocabulary(KeyMap map, EncoderDecoderConfig t5, string ours, string hub) => _ = t5.TieEmbeddings
        ? map.Copy("lm_head.weight", $"{hub}shared.weight")
        : map.Add($"{ours}head.weight", "lm_head.weight", t5.VocabularySize, t5.Block.Width);

    /// <summary>Names of one stack.</summary>
    /// <param name="map">To add them to.</param>
    /// <param name="t5">Both stacks.</param>
    /// <param name="stack">Beginning of our names.</param>
    /// <param name="hubStack">The hub's stack.</param>
    /// <param name="layers">Its layers.</param>
    /// <param name="cross">Whether they read a memory.</param>
    internal static void AddStack(KeyMap map, EncoderDecoderConfig t5, string stack, string hubStack, int layers, bool cross)
    {
        long width = t5.Block.Width, hidden = t5.Block.FeedForward.Width;
        map.Add($"{stack}positions.weight", $"{hubStack}.block.0.layer.0.SelfAttention.relative_attention_bias.weight",
            (t5.Positions as RelativePositionsConfig ?? new()).Buckets, t5.Block.Attention.Heads);
        for (var i = 0; i < layers; i++)
        {
            var (ours, hub) = ($"{stack}layers.{i}", $"{hubStack}.block.{i}.layer");
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

        map.AddNorm($"{stack}norm", $"{hubStack}.final_layer_norm", width, bias: false);
    }

    private static void AddAttention(KeyMap map, EncoderDecoderConfig t5, string ours, string hub, string name) =>
        map.AddAttention(ours, $"{hub}.{name}", ("q", "k", "v", "o"), t5.Block)
            .AddNorm($"{ours}_norm", $"{hub}.layer_norm", t5.Block.Width, bias: false);

    private static Activation Named(HubConfig config, string name) => HubBlocks.Activations.TryGetValue(name, out var activation) ? activation : throw new UserError(
        $"'feed_forward_proj' names an activation that is not supported", config.File, $"supported: {string.Join(", ", HubBlocks.Activations.Keys.Order(StringComparer.Ordinal))}, each with or without '{Gated}'");
}
