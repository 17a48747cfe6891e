using System.Collections.Immutable;
using Heirloom.Models.Text;

namespace Heirloom.Checkpoints.Hub;

/// <summary>RoBERTa (Liu et al. 2019): BERT with another head, positions counted from 2, and a classifier that brings its own pooler.</summary>
public sealed class RobertaLayout : BertFamilyLayout
{
    public override ImmutableArray<string> ModelTypes => ["roberta"];

    protected override string Name => "Roberta";

    protected override string Prefix => "roberta.";

    protected override int PositionOffset(HubConfig config) => config.Count("pad_token_id", 1) + 1;

    protected override bool HasPooler(string architecture) => architecture is "RobertaForSequenceClassification";

    protected override void AddHead(KeyMap map, EncoderConfig encoder, string ours, Absence absence)
    {
        long width = encoder.Block.Width, rows = encoder.VocabularySize;
        var head = new KeyMap()
            .AddLinear($"{ours}head_transform", "lm_head.dense", width, width, bias: true)
            .AddNorm($"{ours}head_norm", "lm_head.layer_norm", width, bias: true)
            .Add($"{ours}head.bias", "lm_head.bias", rows);
        map.Copy("lm_head.decoder.bias", "lm_head.bias");
        if (encoder.TieEmbeddings)
        {
            map.Copy("lm_head.decoder.weight", $"{Prefix}embeddings.word_embeddings.weight");
        }
        else
        {
            head.Add($"{ours}head.weight", "lm_head.decoder.weight", rows, width);
        }

        map.AddAll(head, absence);
    }

    protected override void AddTask(KeyMap map, EncoderConfig encoder, string? task, int classes)
    {
        long width = encoder.Block.Width;
        if (task == "ForSequenceClassification")
        {
            map.AddLinear("encoder.pooler", "classifier.dense", width, width, bias: true)
                .AddLinear("classifier", "classifier.out_proj", width, classes, bias: true);
        }
        else if (task is not null)
        {
            map.AddLinear("classifier", "classifier", width, classes, bias: true);
        }
    }
}
