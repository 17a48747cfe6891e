using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Heirloom.Models.Heads;
using Heirloom.Models.Text;

namespace Heirloom.Checkpoints.Hub;

/// <summary>ALBERT (Lan et al. 2020): narrow embeddings with a projection, layers that share their weights in groups.</summary>
public sealed class AlbertLayout : BertFamilyLayout
{
    public override ImmutableArray<string> ModelTypes => ["albert"];

    protected override ImmutableArray<string> Names => ["Albert"];

    protected override string Prefix => "albert.";

    protected override string PoolerName => "pooler";

    protected override ImmutableArray<HubHead> Heads =>
    [
        HubHead.Language("ForMaskedLM"), HubHead.Bare(pooler: true), HubHead.Sequence(Pooling.Pooler), HubHead.Tokens(), HubHead.Spans(), HubHead.Choices(Pooling.Pooler),
        HubHead.Pairs("ForPreTraining", "sop_classifier.classifier", vocabulary: true) with { Dropout = true },
    ];

    protected override double HeadDropout(HubConfig config, HubHead head) => config.Number("classifier_dropout_prob", 0.1, 0, 0.999);

    protected override void WriteHeadDropout(JsonObject json, HubHead head, double dropout) => json["classifier_dropout_prob"] = dropout;

    protected override EncoderConfig ReadBackbone(HubConfig config)
    {
        var backbone = base.ReadBackbone(config.With(("vocab_size", 30000), ("hidden_size", 4096), ("num_hidden_layers", 12), ("num_attention_heads", 64),
            ("intermediate_size", 16384), ("hidden_act", "gelu_new"), ("hidden_dropout_prob", 0), ("attention_probs_dropout_prob", 0)));
        var groups = config.Size("num_hidden_groups", 1, backbone.Layers);
        return backbone with
        {
            EmbeddingWidth = config.Size("embedding_size", 128),
            Sharing = new() { Groups = groups, LayersPerGroup = config.Size("inner_group_num", 1, HubBlocks.MaxLayers / backbone.Layers) },
        };
    }

    protected override JsonObject WriteBackbone(EncoderConfig backbone)
    {
        var json = base.WriteBackbone(backbone);
        json["embedding_size"] = backbone.EmbeddingWidth;
        json["num_hidden_groups"] = backbone.Sharing?.Groups;
        json["inner_group_num"] = backbone.Sharing?.LayersPerGroup;
        return json;
    }

    protected override void AddBackbone(KeyMap map, EncoderConfig backbone, string ours, string hub, HubHead head)
    {
        base.AddBackbone(map, backbone, ours, hub, head);
        map.AddLinear($"{ours}embedding_projection", $"{hub}encoder.embedding_hidden_mapping_in", backbone.EmbeddingWidth ?? 0, backbone.Block.Width, bias: true);
    }

    protected override void AddLayer(KeyMap map, EncoderConfig backbone, string ours, string hub, int index)
    {
        long width = backbone.Block.Width, hidden = backbone.Block.FeedForward.Width;
        var inner = backbone.Sharing?.LayersPerGroup ?? 1;
        var layer = $"{hub}encoder.albert_layer_groups.{index / inner}.albert_layers.{index % inner}";
        map.AddAttention($"{ours}.attention", $"{layer}.attention", ("query", "key", "value", "dense"), backbone.Block)
            .AddNorm($"{ours}.attention_norm", $"{layer}.attention.LayerNorm", width, bias: true)
            .AddLinear($"{ours}.feed_forward.up", $"{layer}.ffn", width, hidden, bias: true)
            .AddLinear($"{ours}.feed_forward.down", $"{layer}.ffn_output", hidden, width, bias: true)
            .AddNorm($"{ours}.feed_forward_norm", $"{layer}.full_layer_layer_norm", width, bias: true);
    }

    protected override void AddVocabulary(KeyMap map, EncoderConfig backbone, string ours, string hub) => AddVocabulary(map, backbone, ours,
        $"{hub}embeddings.word_embeddings.weight", ("predictions.dense", "predictions.LayerNorm", "predictions.decoder", "predictions.bias"));
}
