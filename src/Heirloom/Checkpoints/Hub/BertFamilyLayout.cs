using System.Text.Json.Nodes;
using Heirloom.Layers;
using Heirloom.Models.Text;

namespace Heirloom.Checkpoints.Hub;

/// <summary>What families of encoders have in common: BERT's keys and names, of which each family has some otherwise.</summary>
public abstract class BertFamilyLayout : HeadedLayout<EncoderConfig>
{
    /// <summary>Where a family's positions begin, and whether it counts past padding.</summary>
    protected virtual LearnedPositionsConfig ReadPositions(HubConfig config) => new();

    /// <summary>The activation of the vocabulary head's transform; null for the layers'.</summary>
    protected virtual Activation? HeadActivation => null;

    protected sealed override int WidthOf(EncoderConfig backbone) => backbone.Block.Width;

    protected sealed override bool HasVocabulary(EncoderConfig backbone) => backbone.Head;

    protected sealed override EncoderConfig Under(EncoderConfig backbone, HubHead head) => head.Vocabulary
        ? backbone with { Head = true, Pooler = head.Pooler }
        : backbone with { Head = false, HeadTransform = true, HeadActivation = null, TieEmbeddings = true, Pooler = head.Pooler };

    protected override EncoderConfig EssenceOf(EncoderConfig backbone) => backbone with
    {
        Block = HubBlocks.Essence(backbone.Block),
        HeadActivation = backbone.HeadActivation is { } own && own != backbone.Block.FeedForward.Activation ? own : null,
        Initialization = new NormalInitializationConfig(),
    };

    protected override EncoderConfig ReadBackbone(HubConfig config)
    {
        config.Only("position_embedding_type", "absolute");
        config.Only("is_decoder", "false");
        config.Only("add_cross_attention", "false");
        var positions = ReadPositions(config);
        var rows = config.Size("max_position_embeddings", 512);
        return new()
        {
            VocabularySize = config.Size("vocab_size"),
            ContextLength = rows > positions.Offset ? rows - positions.Offset
                : throw new UserError($"'max_position_embeddings' is {rows}", config.File, $"it has to be more than {positions.Offset}"),
            Layers = config.Size("num_hidden_layers", max: HubBlocks.MaxLayers),
            TokenTypes = config.Size("type_vocab_size", 2),
            TieEmbeddings = config.Flag("tie_word_embeddings", true),
            HeadActivation = HeadActivation,
            Positions = positions,
            Block = new()
            {
                Width = config.Size("hidden_size"),
                Attention = new AttentionConfig
                {
                    Heads = config.Size("num_attention_heads"),
                    Dropout = config.Number("attention_probs_dropout_prob", 0.1, 0, 0.999),
                }.WithBiases(),
                FeedForward = new()
                {
                    Width = config.Size("intermediate_size"),
                    Activation = config.Choice("hidden_act", "gelu", HubBlocks.Activations),
                    Gated = false,
                    Bias = true,
                },
                Norm = new LayerNormConfig { Epsilon = config.Number("layer_norm_eps", 1e-12, double.Epsilon, 1) },
                Placement = NormPlacement.Post,
                Dropout = config.Number("hidden_dropout_prob", 0.1, 0, 0.999),
            },
        };
    }

    protected override JsonObject WriteBackbone(EncoderConfig backbone)
    {
        var block = backbone.Block;
        var positions = backbone.Positions as LearnedPositionsConfig ?? new();
        var json = new JsonObject
        {
            ["model_type"] = ModelTypes[0],
            ["vocab_size"] = backbone.VocabularySize,
            ["max_position_embeddings"] = backbone.ContextLength + positions.Offset,
            ["type_vocab_size"] = backbone.TokenTypes,
            ["hidden_size"] = block.Width,
            ["num_hidden_layers"] = backbone.Layers,
            ["num_attention_heads"] = block.Attention.Heads,
            ["intermediate_size"] = block.FeedForward.Width,
            ["hidden_act"] = HubBlocks.Name(block.FeedForward.Activation),
            ["layer_norm_eps"] = block.Norm.Epsilon,
            ["position_embedding_type"] = "absolute",
            ["pad_token_id"] = positions.PaddingToken ?? 0,
            ["tie_word_embeddings"] = backbone.TieEmbeddings,
        };
        HubBlocks.WriteDropouts(json, block);
        return json;
    }

    protected override void AddBackbone(KeyMap map, EncoderConfig backbone, string ours, string hub, HubHead head)
    {
        // "gamma" and "beta" are what the first release called a norm's weight and bias
        map.Legacy("LayerNorm.gamma", "LayerNorm.weight").Legacy("LayerNorm.beta", "LayerNorm.bias")
            .Legacy("layer_norm.gamma", "layer_norm.weight").Legacy("layer_norm.beta", "layer_norm.bias")
            .Ignore(@"embeddings\.(position_ids|token_type_ids)$");
        AddEmbeddings(map, backbone, ours, $"{hub}embeddings");
        for (var i = 0; i < backbone.OwnLayers(); i++)
        {
            AddLayer(map, backbone, $"{ours}layers.{i}", hub, i);
        }

        if (backbone.Pooler)
        {
            // an architecture whose outputs do not come from the pooler has files without it
            map.AddAll(new KeyMap().AddLinear($"{ours}pooler", hub + PoolerName, backbone.Block.Width, backbone.Block.Width, bias: true),
                head.Pooler && !head.IsBare ? Absence.Refuse : Absence.Fresh);
        }
    }

    /// <summary>Name of the pooler.</summary>
    protected virtual string PoolerName => "pooler.dense";

    /// <summary>Names of embeddings and their norm.</summary>
    protected static void AddEmbeddings(KeyMap map, EncoderConfig backbone, string ours, string hub)
    {
        long width = backbone.EmbeddingWidth ?? backbone.Block.Width;
        var offset = (backbone.Positions as LearnedPositionsConfig)?.Offset ?? 0;
        map.Add($"{ours}embedding.weight", $"{hub}.word_embeddings.weight", backbone.VocabularySize, width)
            .Add($"{ours}positions.weight", $"{hub}.position_embeddings.weight", (long)backbone.ContextLength + offset, width)
            .AddNorm($"{ours}embedding_norm", $"{hub}.LayerNorm", width, bias: true);
        if (backbone.TokenTypes > 0)
        {
            map.Add($"{ours}token_types.weight", $"{hub}.token_type_embeddings.weight", backbone.TokenTypes, width);
        }
    }

    /// <summary>Names of one layer.</summary>
    protected virtual void AddLayer(KeyMap map, EncoderConfig backbone, string ours, string hub, int index)
    {
        long width = backbone.Block.Width, hidden = backbone.Block.FeedForward.Width;
        var layer = $"{hub}encoder.layer.{index}";
        map.AddAttention($"{ours}.attention", $"{layer}.attention", ("self.query", "self.key", "self.value", "output.dense"), backbone.Block)
            .AddNorm($"{ours}.attention_norm", $"{layer}.attention.output.LayerNorm", width, bias: true)
            .AddLinear($"{ours}.feed_forward.up", $"{layer}.intermediate.dense", width, hidden, bias: true)
            .AddLinear($"{ours}.feed_forward.down", $"{layer}.output.dense", hidden, width, bias: true)
            .AddNorm($"{ours}.feed_forward_norm", $"{layer}.output.LayerNorm", width, bias: true);
    }

    /// <summary>Names of a vocabulary head whose weight is the embedding where they are tied.</summary>
    /// <param name="map">To add them to.</param>
    /// <param name="backbone">The backbone.</param>
    /// <param name="ours">Beginning of our names.</param>
    /// <param name="embedding">The hub's name of the embedding.</param>
    /// <param name="names">The hub's names of the transform, its norm, the projection and its bias, of which a copy may lie beside the projection.</param>
    protected static void AddVocabulary(KeyMap map, EncoderConfig backbone, string ours, string embedding, (string Transform, string Norm, string Projection, string Bias) names)
    {
        long width = backbone.Block.Width, narrow = backbone.EmbeddingWidth ?? width, rows = backbone.VocabularySize;
        map.AddLinear($"{ours}head_transform", names.Transform, width, narrow, bias: true)
            .AddNorm($"{ours}head_norm", names.Norm, narrow, bias: true)
            .Add($"{ours}head.bias", names.Bias, rows);
        if (names.Bias != $"{names.Projection}.bias")
        {
            map.Copy($"{names.Projection}.bias", names.Bias);
        }

        _ = backbone.TieEmbeddings
            ? map.Copy($"{names.Projection}.weight", embedding)
            : map.Add($"{ours}head.weight", $"{names.Projection}.weight", rows, narrow);
    }
}
