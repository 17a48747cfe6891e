using Heirloom.Layers;
using Heirloom.Models.Heads;
using Heirloom.Models.Text;

namespace Heirloom.Checkpoints.Hub;

/// <summary>What families of decoders have in common.</summary>
public abstract class DecoderLayout : HeadedLayout<DecoderConfig>
{
    /// <summary>The last token's vector, classified without a bias: where a padding token is known it is told by it, whatever a mask says.</summary>
    protected static HubHead LastToken { get; } = HubHead.Sequence(Pooling.Last) with { Classifier = "score", Bias = false, PoolingToken = ("pad_token_id", null) };

    protected sealed override int WidthOf(DecoderConfig backbone) => backbone.Block.Width;

    protected sealed override bool HasVocabulary(DecoderConfig backbone) => backbone.Head;

    protected sealed override DecoderConfig Under(DecoderConfig backbone, HubHead head) =>
        head.Vocabulary ? backbone with { Head = true } : backbone with { Head = false, TieEmbeddings = true, HeadBias = false };

    /// <summary>Of classified tokens alone.</summary>
    protected override double HeadDropout(HubConfig config, HubHead head) => head.Kind == typeof(TokenClassifierConfig)
        ? config.Number("classifier_dropout", config.Number("hidden_dropout", 0.1, 0, 0.999), 0, 0.999)
        : 0;

    protected override DecoderConfig EssenceOf(DecoderConfig backbone) =>
        backbone with { Block = HubBlocks.Essence(backbone.Block), Initialization = new NormalInitializationConfig() };

    /// <summary>The head's weight, which is the embedding where they are tied, and its bias.</summary>
    protected static void AddVocabulary(KeyMap map, DecoderConfig backbone, string ours, string head, string embedding)
    {
        _ = backbone.TieEmbeddings
            ? map.Copy($"{head}.weight", embedding)
            : map.Add($"{ours}head.weight", $"{head}.weight", backbone.VocabularySize, backbone.Block.Width);
        if (backbone.HeadBias)
        {
            map.Add($"{ours}head.bias", $"{head}.bias", backbone.VocabularySize);
        }
    }
}
