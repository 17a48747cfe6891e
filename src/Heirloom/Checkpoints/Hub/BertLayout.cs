using System.Collections.Immutable;
using Heirloom.Models.Heads;
using Heirloom.Models.Text;

namespace Heirloom.Checkpoints.Hub;

/// <summary>BERT (Devlin et al. 2019).</summary>
public sealed class BertLayout : BertFamilyLayout
{
    public override ImmutableArray<string> ModelTypes => ["bert"];

    protected override ImmutableArray<string> Names => ["Bert"];

    protected override string Prefix => "bert.";

    protected override ImmutableArray<HubHead> Heads =>
    [
        HubHead.Language("ForMaskedLM"), HubHead.Bare(pooler: true), HubHead.Sequence(Pooling.Pooler), HubHead.Tokens(), HubHead.Spans(), HubHead.Choices(Pooling.Pooler),
        HubHead.Pairs("ForPreTraining", "cls.seq_relationship", vocabulary: true), HubHead.Pairs("ForNextSentencePrediction", "cls.seq_relationship", vocabulary: false),
    ];

    protected override void AddVocabulary(KeyMap map, EncoderConfig backbone, string ours, string hub) => AddVocabulary(map, backbone, ours,
        $"{hub}embeddings.word_embeddings.weight", ("cls.predictions.transform.dense", "cls.predictions.transform.LayerNorm", "cls.predictions.decoder", "cls.predictions.bias"));
}
