using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Heirloom.Layers;
using Heirloom.Models.Heads;
using Heirloom.Models.Text;

namespace Heirloom.Checkpoints.Hub;

/// <summary>ELECTRA (Clark et al. 2020): its generator is a masked language model, its discriminator a detector of replaced tokens.</summary>
public sealed class ElectraLayout : BertFamilyLayout
{
    public override ImmutableArray<string> ModelTypes => ["electra"];

    protected override ImmutableArray<string> Names => ["Electra"];

    protected override string Prefix => "electra.";

    protected override Activation? HeadActivation => Activation.Gelu;

    protected override ImmutableArray<HubHead> Heads =>
    [
        HubHead.Language("ForMaskedLM"), HubHead.Bare(), HubHead.Tokens(), HubHead.Spans(),
        HubHead.Detector("discriminator_predictions.dense", "discriminator_predictions.dense_prediction"),
        HubHead.Sequence(Pooling.First) with { Transform = ("classifier.dense", Activation.Gelu), Classifier = "classifier.out_proj" },
        HubHead.Choices(Pooling.First) with { Transform = ("sequence_summary.summary", Activation.Gelu) },
    ];

    protected override double HeadDropout(HubConfig config, HubHead head)
    {
        if (head.Kind != typeof(ChoiceScorerConfig))
        {
            return base.HeadDropout(config, head);
        }

        config.Only("summary_type", "first");
        config.Only("summary_use_proj", "true");
        config.Only("summary_activation", "gelu");
        config.Only("summary_proj_to_labels", "false");
        return config.Number("summary_last_dropout", 0.1, 0, 0.999);
    }

    protected override void WriteHeadDropout(JsonObject json, HubHead head, double dropout) =>
        json[head.Kind == typeof(ChoiceScorerConfig) ? "summary_last_dropout" : "classifier_dropout"] = dropout;

    protected override EncoderConfig ReadBackbone(HubConfig config)
    {
        var backbone = base.ReadBackbone(config.With(("vocab_size", 30522), ("hidden_size", 256), ("num_hidden_layers", 12), ("num_attention_heads", 4), ("intermediate_size", 1024)));
        var embedding = config.Size("embedding_size", 128);
        return embedding == backbone.Block.Width ? backbone : backbone with { EmbeddingWidth = embedding };
    }

    protected override JsonObject WriteBackbone(EncoderConfig backbone)
    {
        var json = base.WriteBackbone(backbone);
        json["embedding_size"] = backbone.EmbeddingWidth ?? backbone.Block.Width;
        return json;
    }

    protected override void AddBackbone(KeyMap map, EncoderConfig backbone, string ours, string hub, HubHead head)
    {
        base.AddBackbone(map, backbone, ours, hub, head);
        if (backbone.EmbeddingWidth is { } embedding)
        {
            map.AddLinear($"{ours}embedding_projection", $"{hub}embeddings_project", embedding, backbone.Block.Width, bias: true);
        }
    }

    protected override void AddVocabulary(KeyMap map, EncoderConfig backbone, string ours, string hub) => AddVocabulary(map, backbone, ours,
        $"{hub}embeddings.word_embeddings.weight", ("generator_predictions.dense", "generator_predictions.LayerNorm", "generator_lm_head", "generator_lm_head.bias"));
}
