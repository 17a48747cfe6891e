using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Heirloom.Layers;
using Heirloom.Models.Text;

namespace Heirloom.Checkpoints.Hub;

/// <summary>T5's encoder without its decoder: an encoder with relative positions.</summary>
public sealed class T5EncoderLayout : HeadedLayout<EncoderConfig>
{
    /// <summary>Relative positions set no bound; this one keeps products with widths within range.</summary>
    private const int Unbounded = 1 << 20;

    public override ImmutableArray<string> ModelTypes => ["t5", "mt5"];

    protected override ImmutableArray<string> Names => ["T5", "MT5"];

    protected override string Prefix => "";

    protected override ImmutableArray<HubHead> Heads => [HubHead.Bare() with { Task = "EncoderModel" }, HubHead.Tokens() with { Prefix = "transformer." }];

    public override bool Reads(HubConfig config) => base.Reads(config) && config.Architectures.Any(Architectures.Contains);

    protected override double HeadDropout(HubConfig config, HubHead head) => config.Number("classifier_dropout", 0, 0, 0.999);

    protected override int WidthOf(EncoderConfig backbone) => backbone.Block.Width;

    protected override bool HasVocabulary(EncoderConfig backbone) => backbone.Head;

    // no architecture of it has a vocabulary head, so one in the settings is not written away
    protected override EncoderConfig Under(EncoderConfig backbone, HubHead head) =>
        backbone with { HeadTransform = true, HeadActivation = null, TieEmbeddings = true, Pooler = false };

    protected override EncoderConfig EssenceOf(EncoderConfig backbone) =>
        backbone with { ContextLength = Unbounded, Block = HubBlocks.Essence(backbone.Block), Initialization = new NormalInitializationConfig() };

    protected override EncoderConfig ReadBackbone(HubConfig config)
    {
        var t5 = T5Layout.Read(config);
        return new()
        {
            VocabularySize = t5.VocabularySize,
            ContextLength = Unbounded,
            Layers = t5.EncoderLayers,
            Block = t5.Block,
            Positions = t5.Positions,
            EmbeddingNorm = false,
            Head = false,
            Initialization = t5.Initialization,
        };
    }

    protected override JsonObject WriteBackbone(EncoderConfig backbone)
    {
        var json = T5Layout.Write(Whole(backbone));
        json["is_encoder_decoder"] = false;
        return json;
    }

    protected override void AddBackbone(KeyMap map, EncoderConfig backbone, string ours, string hub, HubHead head)
    {
        map.Add($"{ours}embedding.weight", $"{hub}shared.weight", backbone.VocabularySize, backbone.Block.Width)
            .Copy($"{hub}encoder.embed_tokens.weight", $"{hub}shared.weight");
        T5Layout.AddStack(map, Whole(backbone), ours, $"{hub}encoder", backbone.Layers, cross: false);
    }

    protected override void AddVocabulary(KeyMap map, EncoderConfig backbone, string ours, string hub) =>
        throw new InvalidOperationException("a part of the family's settings that none of its architectures has");

    /// <summary>The same with a decoder, whose names and keys are those of its encoder.</summary>
    private static EncoderDecoderConfig Whole(EncoderConfig encoder) => new()
    {
        VocabularySize = encoder.VocabularySize,
        EncoderLayers = encoder.Layers,
        DecoderLayers = encoder.Layers,
        Block = encoder.Block,
        Positions = encoder.Positions,
    };
}
