using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Heirloom.Models.Speech;

namespace Heirloom.Checkpoints.Hub;

/// <summary>HuBERT (Hsu et al. 2021) under the hub's names.</summary>
public sealed class HubertLayout : SpeechLayout
{
    public override ImmutableArray<string> ModelTypes => ["hubert"];

    protected override string Name => "Hubert";

    protected override SpeechFamily Family => SpeechFamily.Hubert;

    protected override string Prefix => "hubert.";

    protected override SpeechEncoderConfig ReadOwn(HubConfig config, SpeechEncoderConfig encoder)
    {
        config.Only("conv_pos_batch_norm", "false");
        return encoder with { ProjectionNorm = config.Flag("feat_proj_layer_norm", true) };
    }

    protected override void WriteOwn(JsonObject json, SpeechEncoderConfig encoder) => json["feat_proj_layer_norm"] = encoder.ProjectionNorm;
}
