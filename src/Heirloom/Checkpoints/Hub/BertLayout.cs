using System.Collections.Immutable;
using Heirloom.Models.Text;

namespace Heirloom.Checkpoints.Hub;

/// <summary>BERT (Devlin et al. 2019).</summary>
public sealed class BertLayout : BertFamilyLayout
{
    public override ImmutableArray<string> ModelTypes => ["bert"];

    protected override string Name => "Bert";

    protected override string Prefix => "bert.";

    protected override int PositionOffset(HubConfig config) => 0;

    protected override bool HasPooler(string architecture) => architecture is "BertModel" or "BertForPreTraining" or "BertForSequenceClassification";

    protected override void AddHead(KeyMap map, EncoderConfig encoder, string ours, Absence absence)
    {
        long width = encoder.Block.Width, rows = encoder.VocabularySize;
        const string hub = "cls.predictions";
        var head = new KeyMap()
            .AddLinear($"{ours}head_transform", $"{hub}.transform.dense", width, width, bias: true)
            .AddNorm($"{ours}head_norm", $"{hub}.transform.LayerNorm", width, bias: true)
            .Add($"{ours}head.bias", $"{hub}.bias", rows);
        map.Copy($"{hub}.decoder.bias", $"{hub}.bias");
        if (encoder.TieEmbeddings)
        {
            map.Copy($"{hub}.decoder.weight", $"{Prefix}embeddings.word_embeddings.weight");
        }
        else
        {
            head.Add($"{ours}head.weight", $"{hub}.decoder.weight", rows, width);
        }

        map.AddAll(head, absence);
    }

    protected override void AddTask(KeyMap map, EncoderConfig encoder, string? task, int classes)
    {
        long width = encoder.Block.Width;
        if (encoder.Pooler)
        {
            map.AddLinear($"{(task is null ? "" : "encoder.")}pooler", "bert.pooler.dense", width, width, bias: true);
        }

        if (task is not null)
        {
            map.AddLinear("classifier", "classifier", width, classes, bias: true);
        }
    }
}
