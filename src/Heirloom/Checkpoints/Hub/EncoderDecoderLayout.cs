using Heirloom.Layers;
using Heirloom.Models.Text;

namespace Heirloom.Checkpoints.Hub;

/// <summary>What families with an encoder and a decoder have in common.</summary>
public abstract class EncoderDecoderLayout : HeadedLayout<EncoderDecoderConfig>
{
    protected sealed override int WidthOf(EncoderDecoderConfig backbone) => backbone.Block.Width;

    protected sealed override bool HasVocabulary(EncoderDecoderConfig backbone) => backbone.Head;

    protected sealed override EncoderDecoderConfig Under(EncoderDecoderConfig backbone, HubHead head) =>
        head.Vocabulary ? backbone with { Head = true } : backbone with { Head = false, TieEmbeddings = true, HeadBias = false, HeadScale = null };

    protected override double HeadDropout(HubConfig config, HubHead head) => config.Number("classifier_dropout", 0, 0, 0.999);

    protected override EncoderDecoderConfig EssenceOf(EncoderDecoderConfig backbone) => backbone with
    {
        Block = HubBlocks.Essence(backbone.Block),
        DecoderBlock = HubBlocks.Essence(backbone.DecoderBlockOrSame()),
        HeadScale = backbone.HeadScaleOrDefault(),
        OutputDropout = true,
        Initialization = new FanInInitializationConfig(),
    };
}
