using Heirloom.Models.Speech;
using static TorchSharp.torch;

namespace Heirloom.Objectives.Speech;

/// <summary>Draws the spans that a step of training hides.</summary>
public static class SpanMasking
{
    /// <summary>Inputs in which frames and coordinates are hidden as the model's settings say; the same where they say none.</summary>
    /// <param name="inputs">Recordings.</param>
    /// <param name="encoder">Who hears them.</param>
    /// <param name="seed">Decides the spans.</param>
    /// <param name="channels">Whether coordinates are hidden too.</param>
    public static AudioInputs Hide(AudioInputs inputs, IAudioEncoder encoder, Seed seed, bool channels = false)
    {
        var masking = encoder.Masking;
        var (rows, device) = ((int)inputs.Samples.shape[0], inputs.Samples.device);
        if (masking.Frames > 0)
        {
            var frames = encoder.Frames(inputs.Samples.shape[1]);
            var lengths = inputs.Mask is null ? [.. Enumerable.Repeat(frames, rows)] : Lengths(inputs.Mask, encoder);
            inputs = inputs with { HiddenFrames = Draw(lengths, frames, masking.Frames, masking.FrameSpan, masking.FewestFrameSpans, seed.For("frames"), device) };
        }

        return channels && masking.Channels > 0
            ? inputs with { HiddenChannels = Draw([.. Enumerable.Repeat((long)encoder.InnerWidth, rows)], encoder.InnerWidth, masking.Channels, masking.ChannelSpan, masking.FewestChannelSpans, seed.For("channels"), device) }
            : inputs;
    }

    /// <summary>Spans at distinct starts, drawn evenly; they may overlap.</summary>
    /// <param name="lengths">Places of each row in which a span may lie.</param>
    /// <param name="width">Places of the longest row.</param>
    /// <param name="share">Share of a row in spans, were there no overlaps.</param>
    /// <param name="span">Places of a span.</param>
    /// <param name="fewest">Spans of a row at least, where it has room.</param>
    /// <param name="seed">Decides everything.</param>
    /// <param name="device">Of the result.</param>
    /// <returns><c>[B, width]</c> bool.</returns>
    public static Tensor Draw(IReadOnlyList<long> lengths, long width, double share, int span, int fewest, Seed seed, Device device)
    {
        var hidden = new bool[lengths.Count * width];
        // rounded up or down by chance, alike for all rows, so that the share is right in the mean
        var rounding = seed.For("rounding").Random().NextDouble();
        for (var row = 0; row < lengths.Count; row++)
        {
            var starts = lengths[row] - span + 1;
            var count = Math.Min(Math.Max((long)((share * lengths[row] / span) + rounding), fewest), Math.Min(starts, width / span));
            var rng = seed.For("row", row).Random();
            foreach (var start in Distinct(rng, starts, count))
            {
                hidden.AsSpan((int)((row * width) + start), span).Fill(true);
            }
        }

        return tensor(hidden, [lengths.Count, width], device: device);
    }

    private static HashSet<long> Distinct(Rng rng, long below, long count)
    {
        // Floyd's: every set of so many is as likely
        var chosen = new HashSet<long>();
        for (var last = below - count; last < below && count > 0; last++)
        {
            var drawn = rng.Next(last + 1);
            chosen.Add(chosen.Contains(drawn) ? last : drawn);
        }

        return chosen;
    }

    private static long[] Lengths(Tensor mask, IAudioEncoder encoder)
    {
        using var lengths = AudioFrames.Lengths(mask, encoder.Frames);
        return lengths.data<long>().ToArray();
    }
}
