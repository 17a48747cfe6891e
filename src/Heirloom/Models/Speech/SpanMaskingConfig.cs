using System.ComponentModel.DataAnnotations;

namespace Heirloom.Models.Speech;

/// <summary>What of a recording training hides: spans of frames, and spans of coordinates as in SpecAugment (Park et al. 2019).</summary>
/// <remarks>A model whose shares are both 0 has no vector that stands for a hidden frame.</remarks>
public sealed record SpanMaskingConfig
{
    /// <summary>Share of frames in hidden spans, were there no overlaps; the chance that a span starts at a frame is it over <see cref="FrameSpan"/>.</summary>
    [Range(0.0, 1.0)]
    public double Frames { get; init; } = 0.05;

    /// <summary>Frames of a span.</summary>
    [Range(1, int.MaxValue)]
    public int FrameSpan { get; init; } = 10;

    /// <summary>Fewest spans of frames in a recording that has room for them.</summary>
    [Range(0, int.MaxValue)]
    public int FewestFrameSpans { get; init; } = 2;

    /// <summary>Share of coordinates in hidden spans.</summary>
    [Range(0.0, 1.0)]
    public double Channels { get; init; }

    /// <summary>Coordinates of a span.</summary>
    [Range(1, int.MaxValue)]
    public int ChannelSpan { get; init; } = 10;

    /// <summary>Fewest spans of coordinates.</summary>
    [Range(0, int.MaxValue)]
    public int FewestChannelSpans { get; init; }

    /// <summary>Whether anything is hidden.</summary>
    public bool Hides() => Frames > 0 || Channels > 0;
}
