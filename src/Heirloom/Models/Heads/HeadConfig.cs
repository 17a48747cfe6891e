using System.ComponentModel.DataAnnotations;
using Heirloom.Layers;

namespace Heirloom.Models.Heads;

/// <summary>A linear classifier over a model that encodes: what all heads have in common.</summary>
public abstract record HeadConfig : ModelConfig
{
    /// <summary>What reads the input.</summary>
    public required ModelConfig Encoder { get; init; }

    /// <summary>The activation of a projection, as wide as the encoder, before the classifier; null for none.</summary>
    public Activation? Transform { get; init; }

    /// <summary>Whether the classifier has a bias.</summary>
    public bool Bias { get; init; } = true;

    /// <summary>Dropped share of what the transform and the classifier read.</summary>
    [Range(0.0, 0.999)]
    public double Dropout { get; init; }

    /// <summary>How the head's weights start.</summary>
    public InitializationConfig Initialization { get; init; } = new NormalInitializationConfig();

    /// <summary>Numbers that the classifier gives.</summary>
    internal abstract int Outputs();
}
