using Heirloom.Models.Speech;

namespace Heirloom.Checkpoints.Hub;

/// <summary>A speech encoder's tensors by the hub's names and by ours.</summary>
internal static class SpeechKeys
{
    /// <param name="map">Takes the rules.</param>
    /// <param name="encoder">Whose they are.</param>
    /// <param name="ours">Before our names.</param>
    /// <param name="hub">Before the hub's.</param>
    public static void Add(KeyMap map, SpeechEncoderConfig encoder, string ours, string hub)
    {
        long width = encoder.Block.Width, frame = encoder.Waveform[^1].Width, hidden = encoder.Block.FeedForward.Width;
        AddWaveform(map, encoder, ours, hub);
        if (encoder.ProjectionNorm)
        {
            map.AddNorm($"{ours}projection_norm", $"{hub}feature_projection.layer_norm", frame, bias: true);
        }

        map.AddLinear($"{ours}projection", $"{hub}feature_projection.projection", frame, width, bias: true);
        if (encoder.Masking.Hides())
        {
            // only training has a use for it, and files made without are common
            map.Add(new KeyRule($"{hub}masked_spec_embed", [new($"{ours}mask_vector", [width])], Renamed.Instance) { WhenAbsent = Absence.Fresh });
        }

        map.Add($"{ours}position_convolution.magnitude", $"{hub}encoder.pos_conv_embed.conv.weight_g", 1, 1, encoder.PositionKernel)
            .Add($"{ours}position_convolution.direction", $"{hub}encoder.pos_conv_embed.conv.weight_v", width, width / encoder.PositionGroups, encoder.PositionKernel)
            .Add($"{ours}position_convolution.bias", $"{hub}encoder.pos_conv_embed.conv.bias", width)
            .AddNorm($"{ours}norm", $"{hub}encoder.layer_norm", width, bias: true);
        for (var i = 0; i < encoder.Layers; i++)
        {
            var (layer, theirs) = ($"{ours}layers.{i}", $"{hub}encoder.layers.{i}");
            map.AddAttention($"{layer}.attention", $"{theirs}.attention", ("q_proj", "k_proj", "v_proj", "out_proj"), encoder.Block)
                .AddNorm($"{layer}.attention_norm", $"{theirs}.layer_norm", width, bias: true)
                .AddLinear($"{layer}.feed_forward.up", $"{theirs}.feed_forward.intermediate_dense", width, hidden, bias: true)
                .AddLinear($"{layer}.feed_forward.down", $"{theirs}.feed_forward.output_dense", hidden, width, bias: true)
                .AddNorm($"{layer}.feed_forward_norm", $"{theirs}.final_layer_norm", width, bias: true);
            if (encoder.LanguageAdapterWidth is { } language)
            {
                map.AddNorm($"{ours}language_adapters.{i}.norm", $"{theirs}.adapter_layer.norm", width, bias: true)
                    .AddLinear($"{ours}language_adapters.{i}.down", $"{theirs}.adapter_layer.linear_1", width, language, bias: true)
                    .AddLinear($"{ours}language_adapters.{i}.up", $"{theirs}.adapter_layer.linear_2", language, width, bias: true);
            }
        }

        AddAdapter(map, encoder, ours, hub);
    }

    private static void AddWaveform(KeyMap map, SpeechEncoderConfig encoder, string ours, string hub)
    {
        for (var i = 0; i < encoder.Waveform.Length; i++)
        {
            var layer = encoder.Waveform[i];
            map.Add($"{ours}convolutions.{i}.convolution.weight", $"{hub}feature_extractor.conv_layers.{i}.conv.weight", layer.Width, i == 0 ? 1 : encoder.Waveform[i - 1].Width, layer.Kernel);
            if (encoder.WaveformBias)
            {
                map.Add($"{ours}convolutions.{i}.convolution.bias", $"{hub}feature_extractor.conv_layers.{i}.conv.bias", layer.Width);
            }

            if (i == 0 || encoder.WaveformNorm == WaveformNorm.EveryLayerOverChannels)
            {
                map.AddNorm($"{ours}convolutions.{i}.norm", $"{hub}feature_extractor.conv_layers.{i}.layer_norm", layer.Width, bias: true);
            }
        }
    }

    private static void AddAdapter(KeyMap map, SpeechEncoderConfig encoder, string ours, string hub)
    {
        if (encoder.Adapter is not { } adapter)
        {
            return;
        }

        long width = adapter.Width;
        if (width != encoder.Block.Width)
        {
            map.AddLinear($"{ours}adapter.projection", $"{hub}adapter.proj", encoder.Block.Width, width, bias: true)
                .AddNorm($"{ours}adapter.norm", $"{hub}adapter.proj_layer_norm", width, bias: true);
        }

        for (var i = 0; i < adapter.Layers; i++)
        {
            map.Add($"{ours}adapter.convolutions.{i}.weight", $"{hub}adapter.layers.{i}.conv.weight", 2 * width, width, adapter.Kernel)
                .Add($"{ours}adapter.convolutions.{i}.bias", $"{hub}adapter.layers.{i}.conv.bias", 2 * width);
        }
    }
}
