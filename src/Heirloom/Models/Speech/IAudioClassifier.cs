namespace Heirloom.Models.Speech;

/// <summary>One label a recording, or one a frame.</summary>
public interface IAudioClassifier : IClassifier<AudioInputs>
{
    /// <summary>What it listens with.</summary>
    IAudioEncoder Encoder { get; }
}
