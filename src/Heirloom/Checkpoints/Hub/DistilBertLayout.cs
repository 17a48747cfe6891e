using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Heirloom.Layers;
using Heirloom.Models.Heads;
using Heirloom.Models.Text;

namespace Heirloom.Checkpoints.Hub;

/// <summary>DistilBERT (Sanh et al. 2019): BERT without token types and pooler, under keys and names of its own.</summary>
public sealed class DistilBertLayout : BertFamilyLayout
{
    /// <summary>Its keys by those of BERT.</summary>
    private static readonly (string Own, string Bert)[] Keys =
    [
        ("dim", "hidden_size"), ("n_layers", "num_hidden_layers"), ("n_heads", "num_attention_heads"), ("hidden_dim", "intermediate_size"),
        ("activation", "hidden_act"), ("dropout", "hidden_dropout_prob"), ("attention_dropout", "attention_probs_dropout_prob"),
    ];

    public override ImmutableArray<string> ModelTypes => ["distilbert"];

    protected override ImmutableArray<string> Names => ["DistilBert"];

    protected override string Prefix => "distilbert.";

    protected override ImmutableArray<HubHead> Heads =>
    [
        HubHead.Language("ForMaskedLM"), HubHead.Bare(), HubHead.Tokens(), HubHead.Spans() with { Dropout = true },
        HubHead.Sequence(Pooling.First) with { Transform = ("pre_classifier", Activation.Relu) },
        HubHead.Choices(Pooling.First) with { Transform = ("pre_classifier", Activation.Relu) },
    ];

    protected override double HeadDropout(HubConfig config, HubHead head) => config.Number(DropoutKey(head), OfSequence(head) ? 0.2 : 0.1, 0, 0.999);

    protected override void WriteHeadDropout(JsonObject json, HubHead head, double dropout)
    {
        // a token's head has none of its own: its key is the layers'
        if (head.Kind != typeof(TokenClassifierConfig))
        {
            json[DropoutKey(head)] = dropout;
        }
    }

    protected override EncoderConfig ReadBackbone(HubConfig config)
    {
        // the hub's readers take either spelling
        var bert = config.Renamed(Keys).With(("vocab_size", 30522), ("hidden_size", 768), ("num_hidden_layers", 6), ("num_attention_heads", 12),
            ("intermediate_size", 3072), ("hidden_dropout_prob", 0.1), ("attention_probs_dropout_prob", 0.1));
        return base.ReadBackbone(bert) with { TokenTypes = 0 };
    }

    protected override JsonObject WriteBackbone(EncoderConfig backbone)
    {
        var json = base.WriteBackbone(backbone);
        foreach (var (own, bert) in Keys)
        {
            json[own] = json[bert]?.DeepClone();
            json.Remove(bert);
        }

        json.Remove("type_vocab_size");
        json.Remove("position_embedding_type");
        json["sinusoidal_pos_embds"] = false;
        return json;
    }

    protected override void AddLayer(KeyMap map, EncoderConfig backbone, string ours, string hub, int index)
    {
        long width = backbone.Block.Width, hidden = backbone.Block.FeedForward.Width;
        var layer = $"{hub}transformer.layer.{index}";
        map.AddAttention($"{ours}.attention", $"{layer}.attention", ("q_lin", "k_lin", "v_lin", "out_lin"), backbone.Block)
            .AddNorm($"{ours}.attention_norm", $"{layer}.sa_layer_norm", width, bias: true)
            .AddLinear($"{ours}.feed_forward.up", $"{layer}.ffn.lin1", width, hidden, bias: true)
            .AddLinear($"{ours}.feed_forward.down", $"{layer}.ffn.lin2", hidden, width, bias: true)
            .AddNorm($"{ours}.feed_forward_norm", $"{layer}.output_layer_norm", width, bias: true);
    }

    protected override void AddVocabulary(KeyMap map, EncoderConfig backbone, string ours, string hub) => AddVocabulary(map, backbone, ours,
        $"{hub}embeddings.word_embeddings.weight", ("vocab_transform", "vocab_layer_norm", "vocab_projector", "vocab_projector.bias"));

    private static string DropoutKey(HubHead head) => OfSequence(head) ? "seq_classif_dropout" : head.Kind == typeof(SpanExtractorConfig) ? "qa_dropout" : "dropout";

    private static bool OfSequence(HubHead head) => head.Kind != typeof(SpanExtractorConfig) && head.Kind != typeof(TokenClassifierConfig);
}
