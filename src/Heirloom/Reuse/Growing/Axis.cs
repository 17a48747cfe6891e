using System.Collections.Immutable;

namespace Heirloom.Reuse.Growing;

/// <summary>What a dimension of a weight runs over. Dimensions that run over the same thing grow alike, wherever in the model they stand.</summary>
public enum Axis
{
    /// <summary>What growing leaves as it is: positions, classes, pixels, a head's own coordinates, embeddings narrower than the layers.</summary>
    Fixed,

    /// <summary>The residual stream.</summary>
    Width,

    /// <summary>Query heads.</summary>
    Heads,

    /// <summary>Key and value heads.</summary>
    KeyHeads,

    /// <summary>The feed-forward network's hidden vector.</summary>
    FeedForward,

    /// <summary>Tokens.</summary>
    Vocabulary,
}

/// <summary>What a weight does.</summary>
public enum WeightRole
{
    /// <summary>The matrix <c>[outputs, inputs]</c> of a linear layer.</summary>
    Projection,

    /// <summary>A linear layer's bias.</summary>
    Bias,

    /// <summary>A norm's weight or bias.</summary>
    Norm,

    /// <summary>Vectors that are looked up or added: embeddings, positions, patches; and the vocabulary's head.</summary>
    Table,
}

/// <summary>One dimension of a weight.</summary>
/// <param name="Axis">What it runs over.</param>
/// <param name="Unit">Consecutive entries that belong to one item of the axis: a head's width.</param>
/// <param name="Summed">Whether the layer sums over it (a projection's inputs), so that copies of an input share its weight.</param>
public readonly record struct WeightAxis(Axis Axis, int Unit = 1, bool Summed = false);

/// <summary>What a weight's dimensions run over.</summary>
/// <param name="Name">The parameter's.</param>
/// <param name="Role">What it does.</param>
/// <param name="Dimensions">One for each dimension.</param>
public sealed record WeightAxes(string Name, WeightRole Role, ImmutableArray<WeightAxis> Dimensions)
{
    private const string Layers = "layers.";

    /// <summary>Which layer it belongs to, counted from 0; null outside of the layers.</summary>
    public int? Layer => Name.IndexOf(Layers, StringComparison.Ordinal) is var at and >= 0 ? int.Parse(Name.AsSpan(at + Layers.Length, Name.IndexOf('.', at + Layers.Length) - at - Layers.Length)) : null;

    /// <summary>Its name within its layer, or within the model where it stands in none: <c>attention.query.weight</c>.</summary>
    public string Part => Name.IndexOf(Layers, StringComparison.Ordinal) is var at and >= 0 ? Name[(Name.IndexOf('.', at + Layers.Length) + 1)..] : Name;

    /// <summary>The name of the same weight in another layer; its own where it stands in none.</summary>
    public string In(int layer) => Layer is null ? Name : $"{Name[..(Name.IndexOf(Layers, StringComparison.Ordinal) + Layers.Length)]}{layer}.{Part}";
}
