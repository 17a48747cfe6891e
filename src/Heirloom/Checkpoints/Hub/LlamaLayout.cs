using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Heirloom.Layers;
using Heirloom.Models;
using Heirloom.Models.Text;

namespace Heirloom.Checkpoints.Hub;

/// <summary>
/// Llama and the families that share its names and differ by options: Mistral (window), Qwen 2 (biases on queries, keys and values), Qwen 3 (normalized heads),
/// OLMo 2 (norms after the branches).
/// </summary>
public sealed class LlamaLayout : HubLayout
{
    private const string Window = "sliding_window", Sliding = "sliding_attention", Full = "full_attention";

    public override ImmutableArray<string> ModelTypes => ["llama", "mistral", "qwen2", "qwen3", "olmo2"];

    public override ImmutableArray<string> Architectures => ["LlamaForCausalLM", "MistralForCausalLM", "Qwen2ForCausalLM", "Qwen3ForCausalLM", "Olmo2ForCausalLM"];

    public override ModelConfig ReadConfig(HubConfig config)
    {
        var type = config.ModelType.Length > 0 ? config.ModelType : Settings.SnakeCase(config.Architectures[0].Replace("ForCausalLM", "", StringComparison.Ordinal));
        var heads = config.Size("num_attention_heads");
        var width = config.Size("hidden_size");
        var biases = config.Flag("attention_bias", false);
        var (window, windowed) = ReadWindow(config, type, config.Size("num_hidden_layers", max: HubBlocks.MaxLayers));
        return new DecoderConfig
        {
            VocabularySize = config.Size("vocab_size"),
            ContextLength = HubRotary.ContextLength(config, ReadPositions(config), type is "mistral" ? 131072 : type is "qwen2" or "qwen3" ? 32768 : 2048),
            Layers = config.Size("num_hidden_layers", max: HubBlocks.MaxLayers),
            TieEmbeddings = config.Flag("tie_word_embeddings", false),
            Positions = ReadPositions(config),
            WindowLayers = windowed,
            Block = new()
            {
                Width = width,
                Attention = new()
                {
                    Heads = heads,
                    KeyValueHeads = config.SizeOrNull("num_key_value_heads"),
                    HeadWidth = config.SizeOrNull("head_dim") ?? (type is "qwen3" ? 128 : null),
                    QueryBias = biases || type is "qwen2",
                    KeyBias = biases || type is "qwen2",
                    ValueBias = biases || type is "qwen2",
                    OutputBias = biases,
                    QueryKeyNorm = type switch { "qwen3" => QueryKeyNorm.Head, "olmo2" => QueryKeyNorm.All, _ => QueryKeyNorm.None },
                    Window = window,
                    Dropout = config.Number("attention_dropout", 0, 0, 0.999),
                },
                FeedForward = new()
                {
                    Width = config.Size("intermediate_size"),
                    Activation = config.Choice("hidden_act", "silu", HubBlocks.Activations),
                    Bias = config.Flag("mlp_bias", false),
                },
                Norm = new RmsNormConfig { Epsilon = config.Number("rms_norm_eps", type is "olmo2" ? 1e-5 : 1e-6, double.Epsilon, 1) },
                Placement = type is "olmo2" ? NormPlacement.Branch : NormPlacement.Pre,
            },
        };
    }

    public override JsonObject WriteConfig(ModelConfig config)
    {
        var decoder = (DecoderConfig)config;
        var (block, attention) = (decoder.Block, decoder.Block.Attention);
        var rotary = decoder.Positions as RotaryPositionsConfig ?? new();
        var type = TypeOf(block);
        var json = new JsonObject
        {
            ["architectures"] = new JsonArray($"{char.ToUpperInvariant(type[0])}{type[1..]}ForCausalLM"),
            ["model_type"] = type,
            ["vocab_size"] = decoder.VocabularySize,
            ["max_position_embeddings"] = decoder.ContextLength,
            ["hidden_size"] = block.Width,
            ["intermediate_size"] = block.FeedForward.Width,
            ["num_hidden_layers"] = decoder.Layers,
            ["num_attention_heads"] = attention.Heads,
            ["num_key_value_heads"] = attention.KeyHeads(),
            ["head_dim"] = attention.HeadWidthOf(block.Width),
            ["hidden_act"] = HubBlocks.Name(block.FeedForward.Activation),
            ["rms_norm_eps"] = block.Norm.Epsilon,
            ["attention_bias"] = attention.OutputBias,
            ["attention_dropout"] = attention.Dropout,
            ["mlp_bias"] = block.FeedForward.Bias,
            ["tie_word_embeddings"] = decoder.TieEmbeddings,
        };
        HubRotary.Write(json, rotary, "rope_theta", "partial_rotary_factor");
        if (attention.Window is { } window)
        {
            json[Window] = window;
            if (TypeOf(block) is "qwen2" or "qwen3")
            {
                var windowed = decoder.WindowLayers.IsEmpty ? [.. Enumerable.Range(0, decoder.Layers)] : decoder.WindowLayers;
                json["use_sliding_window"] = true;
                json["max_window_layers"] = windowed.Min();
                json["layer_types"] = new JsonArray([.. Enumerable.Range(0, decoder.Layers).Select(i => JsonValue.Create(windowed.Contains(i) ? Sliding : Full))]);
            }
        }

        return json;
    }

    public override ModelConfig? Essence(ModelConfig config) => config is DecoderConfig decoder
        ? decoder with { Block = HubBlocks.Essence(decoder.Block), Initialization = new NormalInitializationConfig() }
        : null;

    public override IReadOnlyList<KeyMap> Maps(ModelConfig config, Lazy<IReadOnlyList<OurTensor>> state)
    {
        var decoder = (DecoderConfig)config;
        var (block, attention) = (decoder.Block, decoder.Block.Attention);
        long width = block.Width;
        var (queries, keys) = HubBlocks.Widths(block);
        var map = new KeyMap("model.").Add("embedding.weight", "model.embed_tokens.weight", decoder.VocabularySize, width);
        for (var i = 0; i < decoder.Layers; i++)
        {
            var (ours, hub) = ($"layers.{i}", $"model.layers.{i}");
            map.AddLinear($"{ours}.attention.query", $"{hub}.self_attn.q_proj", width, queries, attention.QueryBias)
                .AddLinear($"{ours}.attention.key", $"{hub}.self_attn.k_proj", width, keys, attention.KeyBias)
                .AddLinear($"{ours}.attention.value", $"{hub}.self_attn.v_proj", width, keys, attention.ValueBias)
                .AddLinear($"{ours}.attention.output", $"{hub}.self_attn.o_proj", queries, width, attention.OutputBias)
                .AddLinear($"{ours}.feed_forward.gate", $"{hub}.mlp.gate_proj", width, block.FeedForward.Width, block.FeedForward.Bias)
                .AddLinear($"{ours}.feed_forward.up", $"{hub}.mlp.up_proj", width, block.FeedForward.Width, block.FeedForward.Bias)
                .AddLinear($"{ours}.feed_forward.down", $"{hub}.mlp.down_proj", block.FeedForward.Width, width, block.FeedForward.Bias);
            if (block.Placement == NormPlacement.Branch)
            {
                map.AddNorm($"{ours}.attention_post_norm", $"{hub}.post_attention_layernorm", width, bias: false)
                    .AddNorm($"{ours}.feed_forward_post_norm", $"{hub}.post_feedforward_layernorm", width, bias: false);
            }
            else
            {
                map.AddNorm($"{ours}.attention_norm", $"{hub}.input_layernorm", width, bias: false)
                    .AddNorm($"{ours}.feed_forward_norm", $"{hub}.post_attention_layernorm", width, bias: false);
            }

            if (attention.QueryKeyNorm != QueryKeyNorm.None)
            {
                long head = attention.HeadWidthOf(block.Width);
                var each = attention.QueryKeyNorm == QueryKeyNorm.Head;
                map.AddNorm($"{ours}.attention.query_norm", $"{hub}.self_attn.q_norm", each ? head : queries, bias: false)
                    .AddNorm($"{ours}.attention.key_norm", $"{hub}.self_attn.k_norm", each ? head : keys, bias: false);
            }
        }

        map.AddNorm("norm", "model.norm", width, bias: false).Ignore(@"rotary_emb\.inv_freq$");
        return [decoder.TieEmbeddings
            ? map.Copy("lm_head.weight", "model.embed_tokens.weight")
            : map.Add("head.weight", "lm_head.weight", decoder.VocabularySize, width)];
    }

    private static string TypeOf(TransformerBlockConfig block) =>
        block.Placement == NormPlacement.Branch ? "olmo2"
        : block.Attention.QueryKeyNorm == QueryKeyNorm.Head ? "qwen3"
        : block.Attention is { QueryBias: true, OutputBias: false } ? "qwen2"
        : block.Attention.Window is not null ? "mistral"
        : "llama";

    /// <summary>The window, and which layers see no further; none listed for all. Newer files list them, older ones say from which on.</summary>
    private static (int? Window, ImmutableArray<int> Layers) ReadWindow(HubConfig config, string type, int layers)
    {
        int? window = type switch
        {
            // where the key is left out the hub's default holds; null is no window
            "mistral" => config.Json.ContainsKey(Window) ? config.SizeOrNull(Window) : 4096,
            "qwen2" or "qwen3" when config.Flag("use_sliding_window", false) => config.Json.ContainsKey(Window) ? config.SizeOrNull(Window) : 4096,
            _ => null,
        };
        if (window is null || type is "mistral")
        {
            return (window, []);
        }

        var first = config.Count("max_window_layers", 28);
        var windowed = config.Json["layer_types"] is JsonArray types ? Listed(config, types, layers) : [.. Enumerable.Range(0, layers).Where(i => i >= first)];
        return windowed.IsEmpty ? (null, []) : (window, windowed.Length == layers ? [] : windowed);
    }

    private static ImmutableArray<int> Listed(HubConfig config, JsonArray types, int layers)
    {
        var names = types.Select(node => node is JsonValue value && value.TryGetValue<string>(out var name) ? name : "").ToArray();
        return names.Length == layers && names.All(name => name is Sliding or Full)
            ? [.. Enumerable.Range(0, layers).Where(i => names[i] == Sliding)]
            : throw new UserError($"'layer_types' has to be {layers} times {Sliding} or {Full}", config.File);
    }

    private static RotaryPositionsConfig ReadPositions(HubConfig config) => HubRotary.Read(config, ("rope_theta", 10000), ("partial_rotary_factor", 1));
}
