using System.ComponentModel.DataAnnotations;
using static TorchSharp.torch;

namespace Heirloom.Models.Parts;

/// <summary>
/// What a model is trained to tell, and the head that tells it: <c>kind: masked_lm | causal_lm | bidirectional_lm | sentence_pair | classification | contrast |
/// masked_pixels | masked_codes | transcription</c>. A model with several is trained on their weighted sum.
/// </summary>
public abstract record TargetConfig : Kinded
{
    /// <summary>Of its loss in the sum.</summary>
    [Range(0.0, double.MaxValue)]
    public double Weight { get; init; } = 1;

    internal abstract Target Build(TargetPlace place);
}

/// <summary>What a target stands on.</summary>
/// <param name="Width">Of the vectors that it reads.</param>
/// <param name="Sight">What they have seen.</param>
internal sealed record TargetPlace(int Width, Sight Sight)
{
    /// <summary>The tokens that it may predict; null where there are none.</summary>
    public WordPart? Words { get; init; }

    /// <summary>The patches that it may predict; null where there are none.</summary>
    public PatchPartConfig? Patches { get; init; }

    /// <summary>Width of the second stream's vectors; null where there is none.</summary>
    public int? SecondWidth { get; init; }

    /// <exception cref="UserError">The target does not fit the model.</exception>
    public static T Require<T>(T? part, string target, string what) where T : class =>
        part ?? throw new UserError($"{target} needs {what}", "targets", "choose a target that fits what the embedding reads");
}

/// <summary>A head of an assembled model.</summary>
public abstract class Target(string name, TargetConfig config) : nn.Module(name)
{
    /// <summary>What it was built from.</summary>
    public TargetConfig Config => config;

    /// <summary>Its name in a recipe, among losses and among parameters.</summary>
    public string Kind { get; } = Settings.KindOf(config.GetType());
}

/// <summary>A target that predicts tokens.</summary>
public abstract class VocabularyTarget(string name, TargetConfig config) : Target(name, config)
{
    /// <param name="hidden"><c>[…, D]</c></param>
    /// <returns><c>[…, V]</c> logits.</returns>
    public abstract Tensor Head(Tensor hidden);
}
