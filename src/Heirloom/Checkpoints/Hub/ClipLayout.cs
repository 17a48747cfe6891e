using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Heirloom.Layers;
using Heirloom.Models;
using Heirloom.Models.VisionLanguage;

namespace Heirloom.Checkpoints.Hub;

/// <summary>CLIP (Radford et al. 2021) under the hub's names: the whole, or its text or vision encoder alone, with or without projection.</summary>
public sealed class ClipLayout : HubLayout
{
    private const string Whole = "clip", Text = "clip_text_model", Vision = "clip_vision_model";

    /// <summary>What the first files call the end of a text although it is none of their ids: they are read at the highest id.</summary>
    private const int NoEnd = 2;

    public override ImmutableArray<string> ModelTypes => [Whole, Text, Vision];

    public override ImmutableArray<string> Architectures => ["CLIPModel", "CLIPTextModel", "CLIPVisionModel"];

    public override ModelConfig ReadConfig(HubConfig config)
    {
        var architecture = config.Architectures is [var first, ..] ? first : config.ModelType switch
        {
            Text => "CLIPTextModel",
            Vision => "CLIPVisionModel",
            _ => "CLIPModel",
        };
        return architecture switch
        {
            "CLIPModel" => ReadWhole(config, config.Size("projection_dim", 512)),
            "CLIPTextModel" => ReadText(Part(config, Text), null),
            "CLIPTextModelWithProjection" => ReadText(Part(config, Text), config.Size("projection_dim", 512)),
            "CLIPVisionModel" => ReadVision(Part(config, Vision), null),
            "CLIPVisionModelWithProjection" => ReadVision(Part(config, Vision), config.Size("projection_dim", 512)),
            _ => throw new UserError($"not supported yet: {architecture}", config.File,
                "supported: CLIPModel, CLIPTextModel, CLIPTextModelWithProjection, CLIPVisionModel, CLIPVisionModelWithProjection"),
        };
    }

    public override JsonObject WriteConfig(ModelConfig config) => config switch
    {
        ClipTextConfig text => With(WriteText(text), "CLIPTextModel" + (text.ProjectionWidth is null ? "" : "WithProjection")),
        ClipVisionConfig vision => With(WriteVision(vision), "CLIPVisionModel" + (vision.ProjectionWidth is null ? "" : "WithProjection")),
        ClipConfig clip => With(new()
        {
            ["model_type"] = Whole,
            ["projection_dim"] = clip.Text.ProjectionWidth,
            ["logit_scale_init_value"] = clip.LogScale,
            ["text_config"] = WriteText(clip.Text),
            ["vision_config"] = WriteVision(clip.Vision),
        }, "CLIPModel"),
        _ => throw new ArgumentException("no model of this family", nameof(config)),
    };

    public override ModelConfig? Essence(ModelConfig config) => config switch
    {
        ClipTextConfig text => TextEssence(text),
        ClipVisionConfig vision => VisionEssence(vision),
        ClipConfig clip => clip with { Text = TextEssence(clip.Text), Vision = VisionEssence(clip.Vision) },
        _ => null,
    };

    public override IReadOnlyList<KeyMap> Maps(ModelConfig config, Lazy<IReadOnlyList<OurTensor>> state)
    {
        var map = new KeyMap().Ignore(@"embeddings\.position_ids$");
        switch (config)
        {
            case ClipTextConfig text:
                AddText(map, text, "");
                break;
            case ClipVisionConfig vision:
                AddVision(map, vision, "");
                break;
            case ClipConfig clip:
                AddText(map, clip.Text, "text.");
                AddVision(map, clip.Vision, "vision.");
                map.Add("log_scale", "logit_scale");
                break;
            default:
                break;
        }

        return [map];
    }

    private static ClipConfig ReadWhole(HubConfig config, int projection) => new()
    {
        Text = ReadText(Part(config, Text), projection),
        Vision = ReadVision(Part(config, Vision), projection),
        LogScale = config.Number("logit_scale_init_value", 2.6592, -100, 100),
    };

    /// <summary>The part's own keys: within the whole's configuration (early files repeat them, complete, under another name), or the configuration itself.</summary>
    private static HubConfig Part(HubConfig config, string type)
    {
        var key = type == Text ? "text_config" : "vision_config";
        return config.Object(key + "_dict") ?? config.Object(key) ?? (config.ModelType is Whole ? new(new(), config.File) : config);
    }

    private static ClipTextConfig ReadText(HubConfig config, int? projection) => new()
    {
        VocabularySize = config.Size("vocab_size", 49408),
        ContextLength = config.Size("max_position_embeddings", 77),
        Layers = config.Size("num_hidden_layers", 12, max: HubBlocks.MaxLayers),
        EndToken = config.Count("eos_token_id", 49407) is var end && end == NoEnd ? null : end,
        ProjectionWidth = projection,
        Block = ReadBlock(config, 512, 2048, 8),
    };

    private static ClipVisionConfig ReadVision(HubConfig config, int? projection) => new()
    {
        ImageSize = config.Size("image_size", 224),
        PatchSize = config.Size("patch_size", 32),
        Channels = config.Size("num_channels", 3),
        Layers = config.Size("num_hidden_layers", 12, max: HubBlocks.MaxLayers),
        ProjectionWidth = projection,
        Block = ReadBlock(config, 768, 3072, 12),
    };

    private static TransformerBlockConfig ReadBlock(HubConfig config, int width, int hidden, int heads) => new()
    {
        Width = config.Size("hidden_size", width),
        Attention = new AttentionConfig { Heads = config.Size("num_attention_heads", heads), Dropout = config.Number("attention_dropout", 0, 0, 0.999) }.WithBiases(),
        FeedForward = new()
        {
            Width = config.Size("intermediate_size", hidden),
            Activation = config.Choice("hidden_act", "quick_gelu", HubBlocks.Activations),
            Gated = false,
            Bias = true,
        },
        Norm = new LayerNormConfig { Epsilon = config.Number("layer_norm_eps", 1e-5, double.Epsilon, 1) },
    };

    private static JsonObject WriteText(ClipTextConfig text)
    {
        var json = WriteBlock(text.Block, text.Layers, text.ProjectionWidth);
        json["model_type"] = Text;
        json["vocab_size"] = text.VocabularySize;
        json["max_position_embeddings"] = text.ContextLength;
        json["eos_token_id"] = text.EndToken ?? NoEnd;
        return json;
    }

    private static JsonObject WriteVision(ClipVisionConfig vision)
    {
        var json = WriteBlock(vision.Block, vision.Layers, vision.ProjectionWidth);
        json["model_type"] = Vision;
        json["image_size"] = vision.ImageSize;
        json["patch_size"] = vision.PatchSize;
        json["num_channels"] = vision.Channels;
        return json;
    }

    private static JsonObject WriteBlock(TransformerBlockConfig block, int layers, int? projection)
    {
        var json = new JsonObject
        {
            ["hidden_size"] = block.Width,
            ["num_hidden_layers"] = layers,
            ["num_attention_heads"] = block.Attention.Heads,
            ["intermediate_size"] = block.FeedForward.Width,
            ["hidden_act"] = HubBlocks.Name(block.FeedForward.Activation),
            ["attention_dropout"] = block.Attention.Dropout,
            ["layer_norm_eps"] = block.Norm.Epsilon,
        };
        if (projection is { } width)
        {
            json["projection_dim"] = width;
        }

        return json;
    }

    private static JsonObject With(JsonObject json, string architecture)
    {
        json["architectures"] = new JsonArray(architecture);
        return json;
    }

    private static void AddText(KeyMap map, ClipTextConfig text, string ours)
    {
        long width = text.Block.Width;
        map.Add($"{ours}embedding.weight", "text_model.embeddings.token_embedding.weight", text.VocabularySize, width)
            .Add($"{ours}positions.weight", "text_model.embeddings.position_embedding.weight", text.ContextLength, width);
        AddLayers(map, text.Block, text.Layers, ours, "text_model");
        map.AddNorm($"{ours}norm", "text_model.final_layer_norm", width, bias: true);
        if (text.ProjectionWidth is { } projection)
        {
            map.AddLinear($"{ours}projection", "text_projection", width, projection, bias: false);
        }
    }

    private static void AddVision(KeyMap map, ClipVisionConfig vision, string ours)
    {
        long width = vision.Block.Width;
        map.Add($"{ours}class_token", "vision_model.embeddings.class_embedding", width)
            .Add($"{ours}patches.weight", "vision_model.embeddings.patch_embedding.weight", width, vision.Channels, vision.PatchSize, vision.PatchSize)
            .Add($"{ours}positions.weight", "vision_model.embeddings.position_embedding.weight", vision.Patches() + 1, width)
            // so it is spelled
            .AddNorm($"{ours}embedding_norm", "vision_model.pre_layrnorm", width, bias: true);
        AddLayers(map, vision.Block, vision.Layers, ours, "vision_model");
        map.AddNorm($"{ours}norm", "vision_model.post_layernorm", width, bias: true);
        if (vision.ProjectionWidth is { } projection)
        {
            map.AddLinear($"{ours}projection", "visual_projection", width, projection, bias: false);
        }
    }

    private static void AddLayers(KeyMap map, TransformerBlockConfig block, int layers, string ours, string hub)
    {
        long width = block.Width, hidden = block.FeedForward.Width;
        for (var i = 0; i < layers; i++)
        {
            var (layer, theirs) = ($"{ours}layers.{i}", $"{hub}.encoder.layers.{i}");
            map.AddNorm($"{layer}.attention_norm", $"{theirs}.layer_norm1", width, bias: true)
                .AddAttention($"{layer}.attention", $"{theirs}.self_attn", ("q_proj", "k_proj", "v_proj", "out_proj"), block)
                .AddNorm($"{layer}.feed_forward_norm", $"{theirs}.layer_norm2", width, bias: true)
                .AddLinear($"{layer}.feed_forward.up", $"{theirs}.mlp.fc1", width, hidden, bias: true)
                .AddLinear($"{layer}.feed_forward.down", $"{theirs}.mlp.fc2", hidden, width, bias: true);
        }
    }

    private static ClipTextConfig TextEssence(ClipTextConfig text) => text with { Block = HubBlocks.Essence(text.Block), Initialization = new NormalInitializationConfig() };

    private static ClipVisionConfig VisionEssence(ClipVisionConfig vision) => vision with { Block = HubBlocks.Essence(vision.Block), Initialization = new NormalInitializationConfig() };
}
