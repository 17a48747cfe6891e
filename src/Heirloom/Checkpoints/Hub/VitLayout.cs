using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Heirloom.Layers;
using Heirloom.Models;
using Heirloom.Models.Vision;

namespace Heirloom.Checkpoints.Hub;

/// <summary>ViT (Dosovitskiy et al. 2021) under the hub's names; weights under torchvision's and timm's names are read too.</summary>
public sealed class VitLayout : HubLayout
{
    /// <summary>What the hub's implementation takes as an argument only; without it in the file a bare model has a pooler, which may be missing from the weights.</summary>
    private const string PoolerKey = "add_pooling_layer", StrideKey = "encoder_stride";

    private const string Prefix = "vit.", Classifies = "ViTForImageClassification", Reconstructs = "ViTForMaskedImageModeling", Bare = "ViTModel";

    public override ImmutableArray<string> ModelTypes => ["vit"];

    public override ImmutableArray<string> Architectures => [Classifies, Reconstructs, Bare];

    public override ModelConfig ReadConfig(HubConfig config)
    {
        var vit = ReadEncoder(config);
        var architecture = config.Architectures is [var first, ..] ? first : Classifies;
        return architecture switch
        {
            Classifies => vit with { Classes = config.Classes() },
            Bare => vit with { Pooler = config.Flag(PoolerKey, true) },
            Reconstructs when config.Size(StrideKey, 16) == vit.PatchSize => new MaskedImageModelConfig { Encoder = vit },
            Reconstructs => throw new UserError($"'{StrideKey}' is {config.Size(StrideKey, 16)}, which is not supported", config.File, $"supported: {vit.PatchSize}, the size of a patch"),
            _ => throw new UserError($"not supported yet: {HubConfig.Short(architecture)}", config.File, $"supported: {string.Join(", ", Architectures)}"),
        };
    }

    private static VisionTransformerConfig ReadEncoder(HubConfig config)
    {
        var biases = config.Flag("qkv_bias", true);
        config.Only("pooler_act", "tanh");
        return new()
        {
            ImageSize = config.Size("image_size", 224),
            PatchSize = config.Size("patch_size", 16),
            Channels = config.Size("num_channels", 3),
            Layers = config.Size("num_hidden_layers", max: HubBlocks.MaxLayers),
            Block = new()
            {
                Width = config.Size("hidden_size"),
                Attention = new()
                {
                    Heads = config.Size("num_attention_heads"),
                    QueryBias = biases,
                    KeyBias = biases,
                    ValueBias = biases,
                    OutputBias = true,
                    Dropout = config.Number("attention_probs_dropout_prob", 0, 0, 0.999),
                },
                FeedForward = new()
                {
                    Width = config.Size("intermediate_size"),
                    Activation = config.Choice("hidden_act", "gelu", HubBlocks.Activations),
                    Gated = false,
                    Bias = true,
                },
                Norm = new LayerNormConfig { Epsilon = config.Number("layer_norm_eps", 1e-12, double.Epsilon, 1) },
                Dropout = config.Number("hidden_dropout_prob", 0, 0, 0.999),
            },
        };
    }

    public override JsonObject WriteConfig(ModelConfig config)
    {
        var vit = EncoderOf(config);
        var json = new JsonObject
        {
            ["architectures"] = new JsonArray(config is MaskedImageModelConfig ? Reconstructs : vit.Classes > 0 ? Classifies : Bare),
            ["model_type"] = "vit",
            ["image_size"] = vit.ImageSize,
            ["patch_size"] = vit.PatchSize,
            ["num_channels"] = vit.Channels,
            ["hidden_size"] = vit.Block.Width,
            ["num_hidden_layers"] = vit.Layers,
            ["num_attention_heads"] = vit.Block.Attention.Heads,
            ["intermediate_size"] = vit.Block.FeedForward.Width,
            ["hidden_act"] = HubBlocks.Name(vit.Block.FeedForward.Activation),
            ["layer_norm_eps"] = vit.Block.Norm.Epsilon,
            ["qkv_bias"] = vit.Block.Attention.QueryBias,
        };
        if (config is MaskedImageModelConfig)
        {
            json[StrideKey] = vit.PatchSize;
        }
        else if (vit is { Classes: 0, Pooler: false })
        {
            json[PoolerKey] = false;
        }

        HubBlocks.WriteDropouts(json, vit.Block);
        if (vit.Classes > 0)
        {
            HubBlocks.WriteLabels(json, vit.Classes);
        }

        return json;
    }

    public override ModelConfig? Essence(ModelConfig config) => config switch
    {
        VisionTransformerConfig vit => Essence(vit),
        MaskedImageModelConfig task => task with { Encoder = Essence(task.Encoder), Initialization = new NormalInitializationConfig() },
        _ => null,
    };

    private static VisionTransformerConfig Essence(VisionTransformerConfig vit) =>
        vit with { Block = HubBlocks.Essence(vit.Block), Initialization = new NormalInitializationConfig(), HubFamily = null };

    private static VisionTransformerConfig EncoderOf(ModelConfig config) => (config as MaskedImageModelConfig)?.Encoder ?? (VisionTransformerConfig)config;

    public override IReadOnlyList<KeyMap> Maps(ModelConfig config, Lazy<IReadOnlyList<OurTensor>> state)
    {
        if (config is MaskedImageModelConfig task)
        {
            return [Reconstructor(task.Encoder)];
        }

        var vit = (VisionTransformerConfig)config;
        // the others keep queries, keys and values in one, with a bias
        return vit.Block.Attention.QueryBias ? [Hub(vit), Torchvision(vit), Timm(vit)] : [Hub(vit)];
    }

    private static KeyMap Hub(VisionTransformerConfig vit)
    {
        var prefix = vit.Classes > 0 ? Prefix : "";
        // a token for hidden patches lies in files of other tasks, which hide none
        var map = new KeyMap(Prefix).Ignore(@"embeddings\.mask_token$");
        AddEncoder(map, vit, "", prefix);
        AddPooler(map, vit, $"{prefix}pooler.dense");
        return vit.Classes > 0 ? map.AddLinear("classifier", "classifier", vit.Block.Width, vit.Classes, bias: true) : map;
    }

    private static KeyMap Reconstructor(VisionTransformerConfig vit)
    {
        long width = vit.Block.Width, values = (long)vit.Channels * vit.PatchSize * vit.PatchSize;
        var map = new KeyMap(Prefix).Add("hidden_patch", $"{Prefix}embeddings.mask_token", 1, 1, width);
        AddEncoder(map, vit, "encoder.", Prefix);
        return map.Add(new KeyRule("decoder.0.weight", [new("decoder.weight", [values, width])], OfSinglePlaces.Instance)).Add("decoder.bias", "decoder.0.bias", values);
    }

    private static void AddEncoder(KeyMap map, VisionTransformerConfig vit, string own, string prefix)
    {
        long width = vit.Block.Width, hidden = vit.Block.FeedForward.Width, patch = vit.PatchSize;
        map.Add($"{own}class_token", $"{prefix}embeddings.cls_token", 1, 1, width)
            .Add($"{own}positions", $"{prefix}embeddings.position_embeddings", 1, vit.Patches() + 1, width)
            .Add($"{own}patches.weight", $"{prefix}embeddings.patch_embeddings.projection.weight", width, vit.Channels, patch, patch)
            .Add($"{own}patches.bias", $"{prefix}embeddings.patch_embeddings.projection.bias", width);
        for (var i = 0; i < vit.Layers; i++)
        {
            var (ours, hub) = ($"{own}layers.{i}", $"{prefix}encoder.layer.{i}");
            map.AddNorm($"{ours}.attention_norm", $"{hub}.layernorm_before", width, bias: true)
                .AddAttention($"{ours}.attention", $"{hub}.attention", ("attention.query", "attention.key", "attention.value", "output.dense"), vit.Block)
                .AddNorm($"{ours}.feed_forward_norm", $"{hub}.layernorm_after", width, bias: true)
                .AddLinear($"{ours}.feed_forward.up", $"{hub}.intermediate.dense", width, hidden, bias: true)
                .AddLinear($"{ours}.feed_forward.down", $"{hub}.output.dense", hidden, width, bias: true);
        }

        map.AddNorm($"{own}norm", $"{prefix}layernorm", width, bias: true);
    }

    private static KeyMap Torchvision(VisionTransformerConfig vit)
    {
        long width = vit.Block.Width, hidden = vit.Block.FeedForward.Width, patch = vit.PatchSize;
        var map = new KeyMap()
            .Add("class_token", "class_token", 1, 1, width)
            .Add("positions", "encoder.pos_embedding", 1, vit.Patches() + 1, width)
            .Add("patches.weight", "conv_proj.weight", width, vit.Channels, patch, patch)
            .Add("patches.bias", "conv_proj.bias", width);
        for (var i = 0; i < vit.Layers; i++)
        {
            var (ours, hub) = ($"layers.{i}", $"encoder.layers.encoder_layer_{i}");
            map.AddNorm($"{ours}.attention_norm", $"{hub}.ln_1", width, bias: true)
                .Add(new KeyRule($"{hub}.self_attention.in_proj_weight", KeyMap.QueryKeyValue($"{ours}.attention", "weight", width, width, width), new Fused()))
                .Add(new KeyRule($"{hub}.self_attention.in_proj_bias", KeyMap.QueryKeyValue($"{ours}.attention", "bias", width, width), new Fused()))
                .AddLinear($"{ours}.attention.output", $"{hub}.self_attention.out_proj", width, width, bias: true)
                .AddNorm($"{ours}.feed_forward_norm", $"{hub}.ln_2", width, bias: true)
                .AddLinear($"{ours}.feed_forward.up", $"{hub}.mlp.0", width, hidden, bias: true)
                .AddLinear($"{ours}.feed_forward.down", $"{hub}.mlp.3", hidden, width, bias: true);
            // what torchvision called them before
            foreach (var kind in (string[])["weight", "bias"])
            {
                map.Legacy($"_{i}.mlp.linear_1.{kind}", $"_{i}.mlp.0.{kind}").Legacy($"_{i}.mlp.linear_2.{kind}", $"_{i}.mlp.3.{kind}");
            }
        }

        map.AddNorm("norm", "encoder.ln", width, bias: true);
        AddPooler(map, vit, "pooler");
        return vit.Classes > 0 ? map.AddLinear("classifier", "heads.head", width, vit.Classes, bias: true) : map;
    }

    private static KeyMap Timm(VisionTransformerConfig vit)
    {
        long width = vit.Block.Width, hidden = vit.Block.FeedForward.Width, patch = vit.PatchSize;
        var map = new KeyMap()
            .Add("class_token", "cls_token", 1, 1, width)
            .Add("positions", "pos_embed", 1, vit.Patches() + 1, width)
            .Add("patches.weight", "patch_embed.proj.weight", width, vit.Channels, patch, patch)
            .Add("patches.bias", "patch_embed.proj.bias", width);
        for (var i = 0; i < vit.Layers; i++)
        {
            var (ours, hub) = ($"layers.{i}", $"blocks.{i}");
            map.AddNorm($"{ours}.attention_norm", $"{hub}.norm1", width, bias: true)
                .Add(new KeyRule($"{hub}.attn.qkv.weight", KeyMap.QueryKeyValue($"{ours}.attention", "weight", width, width, width), new Fused()))
                .Add(new KeyRule($"{hub}.attn.qkv.bias", KeyMap.QueryKeyValue($"{ours}.attention", "bias", width, width), new Fused()))
                .AddLinear($"{ours}.attention.output", $"{hub}.attn.proj", width, width, bias: true)
                .AddNorm($"{ours}.feed_forward_norm", $"{hub}.norm2", width, bias: true)
                .AddLinear($"{ours}.feed_forward.up", $"{hub}.mlp.fc1", width, hidden, bias: true)
                .AddLinear($"{ours}.feed_forward.down", $"{hub}.mlp.fc2", hidden, width, bias: true);
        }

        map.AddNorm("norm", "norm", width, bias: true);
        AddPooler(map, vit, "pooler");
        return vit.Classes > 0 ? map.AddLinear("classifier", "head", width, vit.Classes, bias: true) : map;
    }

    private static void AddPooler(KeyMap map, VisionTransformerConfig vit, string hub)
    {
        if (vit.Pooler)
        {
            map.AddAll(new KeyMap().AddLinear("pooler", hub, vit.Block.Width, vit.Block.Width, bias: true), Absence.Fresh);
        }
    }
}
