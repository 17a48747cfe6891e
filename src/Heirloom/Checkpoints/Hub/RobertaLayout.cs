using System.Collections.Immutable;
using Heirloom.Layers;
using Heirloom.Models.Heads;
using Heirloom.Models.Text;

namespace Heirloom.Checkpoints.Hub;

/// <summary>RoBERTa (Liu et al. 2019): BERT with positions that count past padding, and other heads.</summary>
public class RobertaLayout : BertFamilyLayout
{
    public override ImmutableArray<string> ModelTypes => ["roberta"];

    protected override ImmutableArray<string> Names => ["Roberta"];

    protected override string Prefix => "roberta.";

    protected override ImmutableArray<HubHead> Heads =>
    [
        HubHead.Language("ForMaskedLM"), HubHead.Bare(pooler: true), HubHead.Tokens(), HubHead.Spans(), HubHead.Choices(Pooling.Pooler),
        HubHead.Sequence(Pooling.First) with { Transform = ("classifier.dense", Activation.Tanh), Classifier = "classifier.out_proj" },
    ];

    protected override Activation? HeadActivation => Activation.Gelu;

    protected override LearnedPositionsConfig ReadPositions(HubConfig config)
    {
        var padding = config.Count("pad_token_id", 1);
        return padding < int.MaxValue ? new() { Offset = padding + 1, PaddingToken = padding }
            : throw new UserError($"'pad_token_id' is {padding}", config.File, "it has to be a token");
    }

    protected override void AddVocabulary(KeyMap map, EncoderConfig backbone, string ours, string hub) => AddVocabulary(map, backbone, ours,
        $"{hub}embeddings.word_embeddings.weight", ("lm_head.dense", "lm_head.layer_norm", "lm_head.decoder", "lm_head.bias"));
}
