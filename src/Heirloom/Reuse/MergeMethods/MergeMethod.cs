namespace Heirloom.Reuse.MergeMethods;

/// <summary>
/// How versions of one tensor become one: a pure function, found by reflection under its <c>kind</c>, which is mergekit's name of it. Its own settings are
/// those of the whole merge; what is said of each model is its <see cref="MergeShare"/>.
/// </summary>
public abstract record MergeMethod : Kinded
{
    /// <summary>All methods by name.</summary>
    public static IReadOnlyDictionary<string, Type> All => Settings.Kinds(typeof(MergeMethod));

    /// <summary>How many models it takes, and whether it needs the one that they were made from.</summary>
    public abstract MergeNeeds Needs { get; }

    /// <summary>The record of what is said of each model.</summary>
    public virtual Type ShareType => typeof(NoShare);

    /// <summary>Which statistics of calibration data it needs of every model; null for none.</summary>
    public virtual string? Statistics => null;

    /// <summary>Floats that it needs beside the versions and the result, as multiples of the tensor's elements.</summary>
    /// <param name="models">Versions beside the base's.</param>
    public virtual int Scratch(int models) => 0;

    /// <summary>What of a share and these settings contradicts itself; null where nothing does.</summary>
    public virtual string? Problem(MergeShare share) => null;

    /// <summary>Merges one tensor.</summary>
    /// <param name="input">Its versions, which stay as they are.</param>
    /// <param name="result">As many elements as each version; written whole.</param>
    public abstract void Merge(MergeInput input, Span<float> result);
}

/// <summary>Whether a method measures models from the one that they were made from.</summary>
public enum MergeBase
{
    /// <summary>It does not: a base among the models is a model like the others.</summary>
    None,

    /// <summary>Where one is named.</summary>
    Optional,

    /// <summary>It cannot do without.</summary>
    Required,
}

/// <param name="Least">Models beside the base, at least.</param>
/// <param name="Most">At most.</param>
/// <param name="Base">Whether there is a base.</param>
public sealed record MergeNeeds(int Least, int Most, MergeBase Base);

/// <summary>What a recipe says of one model.</summary>
public abstract record MergeShare;

/// <summary>Nothing.</summary>
public sealed record NoShare : MergeShare;

/// <summary>How much of a model.</summary>
public record WeightShare : MergeShare, IExample<WeightShare>
{
    public static WeightShare Example => new() { Weight = 0.5 };

    /// <summary>Any number; what shares sum to is the method's affair.</summary>
    public required double Weight { get; init; }
}
