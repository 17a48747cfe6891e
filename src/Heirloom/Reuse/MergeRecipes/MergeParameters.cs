using System.Collections.Immutable;

namespace Heirloom.Reuse.MergeRecipes;

/// <summary>Parameters by name, each with where it is written.</summary>
public sealed record MergeParameters(ImmutableDictionary<string, MergeValue> Values)
{
    public static MergeParameters None { get; } = new(ImmutableDictionary<string, MergeValue>.Empty);

    public static MergeParameters Of(params IEnumerable<(string Name, double Value)> values) =>
        new(values.ToImmutableDictionary(v => v.Name, MergeValue (v) => new FixedValue(v.Value) { Where = v.Name }));
}

/// <summary>A parameter's value, which may depend on the tensor's name and on how deep its layer lies.</summary>
public abstract record MergeValue
{
    /// <summary>File and line.</summary>
    public string Where { get; init; } = "";

    /// <summary>What holds for a tensor: a <see cref="double"/> or a <see cref="bool"/>; null where nothing is said of it.</summary>
    /// <param name="tensor">Its name.</param>
    /// <param name="depth">0 at the slice's first layer and outside of layers, 1 at its last.</param>
    public abstract object? At(string tensor, double depth);
}

/// <summary>The same for all.</summary>
public sealed record FixedValue(object Value) : MergeValue
{
    public override object? At(string tensor, double depth) => Value;
}

/// <summary>Numbers spread evenly over the layers, with straight lines between them.</summary>
public sealed record GradientValue(ImmutableArray<double> Points) : MergeValue
{
    public override object? At(string tensor, double depth)
    {
        var at = depth * (Points.Length - 1);
        var below = (int)at;
        var part = at - below;
        return ((1 - part) * Points[below]) + (part * Points[Math.Min(Points.Length - 1, below + 1)]);
    }
}

/// <summary>Flags spread evenly over the layers.</summary>
public sealed record SteppedValue(ImmutableArray<object> Steps) : MergeValue
{
    public override object? At(string tensor, double depth) => Steps[(int)(depth * (Steps.Length - 1))];
}

/// <summary>The first of several whose filter is a part of the tensor's name; <c>*</c> and none are parts of all.</summary>
public sealed record FilteredValue(ImmutableArray<(string? Filter, MergeValue Value)> Choices) : MergeValue
{
    public override object? At(string tensor, double depth) =>
        Choices.FirstOrDefault(c => c.Filter is null or "*" || tensor.Contains(c.Filter, StringComparison.Ordinal)).Value?.At(tensor, depth);
}
