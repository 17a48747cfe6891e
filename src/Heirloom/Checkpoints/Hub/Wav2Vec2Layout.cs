using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Heirloom.Layers;
using Heirloom.Models.Speech;

namespace Heirloom.Checkpoints.Hub;

/// <summary>wav2vec 2.0 (Baevski et al. 2020) under the hub's names, and its many-language form (Pratap et al. 2023).</summary>
public sealed class Wav2Vec2Layout : SpeechLayout
{
    public override ImmutableArray<string> ModelTypes => ["wav2vec2"];

    protected override string Name => "Wav2Vec2";

    protected override SpeechFamily Family => SpeechFamily.Wav2Vec2;

    protected override string Prefix => "wav2vec2.";

    protected override bool Pretrains => true;

    protected override SpeechEncoderConfig ReadOwn(HubConfig config, SpeechEncoderConfig encoder) => encoder with
    {
        // these files have one only where norms come before branches
        LanguageAdapterWidth = encoder.Block.Placement == NormPlacement.Pre ? config.SizeOrNull("adapter_attn_dim") : null,
        Adapter = !config.Flag("add_adapter", false) ? null : new()
        {
            Width = config.Size("output_hidden_size", encoder.Block.Width),
            Layers = config.Size("num_adapter_layers", 3, max: 1000),
            Kernel = config.Size("adapter_kernel_size", 3),
            Stride = config.Size("adapter_stride", 2),
        },
    };

    protected override void WriteOwn(JsonObject json, SpeechEncoderConfig encoder)
    {
        json["add_adapter"] = encoder.Adapter is not null;
        if (encoder.Adapter is { } adapter)
        {
            json["output_hidden_size"] = adapter.Width;
            json["num_adapter_layers"] = adapter.Layers;
            json["adapter_kernel_size"] = adapter.Kernel;
            json["adapter_stride"] = adapter.Stride;
        }

        if (encoder.LanguageAdapterWidth is { } language)
        {
            json["adapter_attn_dim"] = language;
        }
    }
}
