using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Heirloom.Layers;
using Heirloom.Models.Text;

namespace Heirloom.Checkpoints.Hub;

/// <summary>
/// Llama (Touvron et al. 2023) and the families that share its names and differ by options: Mistral (Jiang et al. 2023; window), Qwen 2 (Yang et al. 2024; biases on
/// queries, keys and values), Qwen 3 (Yang et al. 2025; normalized heads), OLMo 2 (Walsh et al. 2025; norms after the branches).
/// </summary>
public sealed class LlamaLayout : DecoderLayout
{
    private const string Window = "sliding_window", Sliding = "sliding_attention", Full = "full_attention";

    public override ImmutableArray<string> ModelTypes => ["llama", "mistral", "qwen2", "qwen3", "olmo2"];

    protected override ImmutableArray<string> Names => ["Llama", "Mistral", "Qwen2", "Qwen3", "Olmo2"];

    protected override string Prefix => "model.";

    // the name of a question-answering model's backbone is "transformer" in all of them
    protected override ImmutableArray<HubHead> Heads =>
    [
        HubHead.Language("ForCausalLM"), HubHead.Bare(), LastToken, HubHead.Tokens() with { Classifier = "score" }, HubHead.Spans() with { Prefix = "transformer." },
    ];

    protected override string NameOf(DecoderConfig backbone) => TypeOf(backbone.Block) is var type ? char.ToUpperInvariant(type[0]) + type[1..] : "";

    protected override DecoderConfig ReadBackbone(HubConfig config)
    {
        var type = config.ModelType.Length > 0 ? config.ModelType : TypeOf(config);
        var heads = config.Size("num_attention_heads");
        var width = config.Size("hidden_size");
        // a key that the family's other readers do not know says nothing
        var biases = KnowsBiases(type) && config.Flag("attention_bias", false);
        var (window, windowed) = ReadWindow(config, type, config.Size("num_hidden_layers", max: HubBlocks.MaxLayers));
        var length = type is "mistral" ? 131072 : type is "qwen2" or "qwen3" ? 32768 : 2048;
        var positions = HubRotary.Read(config, ("rope_theta", 10000), fraction: null, length);
        return new()
        {
            VocabularySize = config.Size("vocab_size"),
            ContextLength = HubRotary.ContextLength(config, positions, length),
            Layers = config.Size("num_hidden_layers", max: HubBlocks.MaxLayers),
            TieEmbeddings = config.Flag("tie_word_embeddings", false),
            Positions = positions,
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
                    Bias = type is "llama" && config.Flag("mlp_bias", false),
                },
                Norm = new RmsNormConfig { Epsilon = config.Number("rms_norm_eps", type is "olmo2" ? 1e-5 : 1e-6, double.Epsilon, 1) },
                Placement = type is "olmo2" ? NormPlacement.Branch : NormPlacement.Pre,
            },
        };
    }

    protected override JsonObject WriteBackbone(DecoderConfig decoder)
    {
        var (block, attention) = (decoder.Block, decoder.Block.Attention);
        var rotary = decoder.Positions as RotaryPositionsConfig ?? new();
        var type = TypeOf(block);
        var json = new JsonObject
        {
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
            ["attention_dropout"] = attention.Dropout,
            ["tie_word_embeddings"] = decoder.TieEmbeddings,
        };
        if (KnowsBiases(type))
        {
            json["attention_bias"] = attention.OutputBias;
        }

        if (type is "llama")
        {
            json["mlp_bias"] = block.FeedForward.Bias;
        }

        HubRotary.Write(json, rotary, "rope_theta", fraction: null);
        if (attention.Window is { } window)
        {
            json[Window] = window;
            if (type is "qwen2" or "qwen3")
            {
                var windowed = decoder.WindowLayers.IsEmpty ? [.. Enumerable.Range(0, decoder.Layers)] : decoder.WindowLayers;
                json["use_sliding_window"] = true;
                json["max_window_layers"] = windowed.Min();
                json["layer_types"] = new JsonArray([.. Enumerable.Range(0, decoder.Layers).Select(i => JsonValue.Create(windowed.Contains(i) ? Sliding : Full))]);
            }
        }

        return json;
    }

    protected override void AddBackbone(KeyMap map, DecoderConfig decoder, string ours, string hub, HubHead head)
    {
        var (block, attention) = (decoder.Block, decoder.Block.Attention);
        long width = block.Width;
        var (queries, keys) = HubBlocks.Widths(block);
        map.Add($"{ours}embedding.weight", $"{hub}embed_tokens.weight", decoder.VocabularySize, width);
        for (var i = 0; i < decoder.Layers; i++)
        {
            var (layer, theirs) = ($"{ours}layers.{i}", $"{hub}layers.{i}");
            map.AddAttention($"{layer}.attention", $"{theirs}.self_attn", ("q_proj", "k_proj", "v_proj", "o_proj"), block)
                .AddLinear($"{layer}.feed_forward.gate", $"{theirs}.mlp.gate_proj", width, block.FeedForward.Width, block.FeedForward.Bias)
                .AddLinear($"{layer}.feed_forward.up", $"{theirs}.mlp.up_proj", width, block.FeedForward.Width, block.FeedForward.Bias)
                .AddLinear($"{layer}.feed_forward.down", $"{theirs}.mlp.down_proj", block.FeedForward.Width, width, block.FeedForward.Bias);
            if (block.Placement == NormPlacement.Branch)
            {
                map.AddNorm($"{layer}.attention_post_norm", $"{theirs}.post_attention_layernorm", width, bias: false)
                    .AddNorm($"{layer}.feed_forward_post_norm", $"{theirs}.post_feedforward_layernorm", width, bias: false);
            }
            else
            {
                map.AddNorm($"{layer}.attention_norm", $"{theirs}.input_layernorm", width, bias: false)
                    .AddNorm($"{layer}.feed_forward_norm", $"{theirs}.post_attention_layernorm", width, bias: false);
            }

            if (attention.QueryKeyNorm != QueryKeyNorm.None)
            {
                long each = attention.HeadWidthOf(block.Width);
                var perHead = attention.QueryKeyNorm == QueryKeyNorm.Head;
                map.AddNorm($"{layer}.attention.query_norm", $"{theirs}.self_attn.q_norm", perHead ? each : queries, bias: false)
                    .AddNorm($"{layer}.attention.key_norm", $"{theirs}.self_attn.k_norm", perHead ? each : keys, bias: false);
            }
        }

        map.AddNorm($"{ours}norm", $"{hub}norm", width, bias: false).Ignore(@"rotary_emb\.inv_freq$");
    }

    protected override void AddVocabulary(KeyMap map, DecoderConfig backbone, string ours, string hub) =>
        AddVocabulary(map, backbone, ours, "lm_head", $"{hub}embed_tokens.weight");

    /// <summary>The type of a file that names an architecture alone.</summary>
    private string TypeOf(HubConfig config) => Names.FirstOrDefault(name => config.Architectures[0].StartsWith(name, StringComparison.Ordinal))?.ToLowerInvariant()
        ?? throw new UserError($"lacks 'model_type', and its first architecture, {HubConfig.Short(config.Architectures[0])}, does not say it", config.File,
            $"add it: {string.Join(", ", ModelTypes)}");

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
            "mistral" => config.Names(Window) ? config.SizeOrNull(Window) : 4096,
            "qwen2" or "qwen3" when config.Flag("use_sliding_window", false) => config.Names(Window) ? config.SizeOrNull(Window) : 4096,
            _ => null,
        };
        if (window is null || type is "mistral")
        {
            return (window, []);
        }

        var first = config.Count("max_window_layers", 28);
        var windowed = config.List("layer_types") is { } types ? Listed(config, types, layers) : [.. Enumerable.Range(0, layers).Where(i => i >= first)];
        return windowed.IsEmpty ? (null, []) : (window, windowed.Length == layers ? [] : windowed);
    }

    private static ImmutableArray<int> Listed(HubConfig config, JsonArray types, int layers)
    {
        var names = types.Select(node => node is JsonValue value && value.TryGetValue<string>(out var name) ? name : "").ToArray();
        return names.Length == layers && names.All(name => name is Sliding or Full)
            ? [.. Enumerable.Range(0, layers).Where(i => names[i] == Sliding)]
            : throw new UserError($"'layer_types' has to be {layers} times {Sliding} or {Full}", config.File);
    }

    private static bool KnowsBiases(string type) => type is "llama" or "qwen3" or "olmo2";
}
