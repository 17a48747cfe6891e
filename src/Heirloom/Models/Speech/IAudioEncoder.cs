using static TorchSharp.torch;

namespace Heirloom.Models.Speech;

/// <summary>Speech to contextual vectors, one a frame.</summary>
public interface IAudioEncoder : IModel
{
    int Width { get; }

    /// <summary>Width of the frames inside the model, those that training hides.</summary>
    int InnerWidth { get; }

    /// <summary>What its training hides.</summary>
    SpanMaskingConfig Masking { get; }

    /// <returns><c>[B, T', D]</c>, in which T' is that of <see cref="OutputFrames"/>.</returns>
    Tensor Encode(AudioInputs inputs);

    /// <summary>Frames inside the model (those that training hides) of recordings of so many samples.</summary>
    long Frames(long samples);

    /// <summary>Frames that come out of recordings of so many samples; fewer than inside where the model ends in an adapter that strides.</summary>
    long OutputFrames(long samples);
}
