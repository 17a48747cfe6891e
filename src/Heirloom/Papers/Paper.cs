using System.Collections.Immutable;

namespace Heirloom.Papers;

/// <summary>Where a reproduced work was published.</summary>
public sealed record Citation(string Title, string Authors, int Year, Uri Link);

/// <summary>How much to run: <c>smoke</c> seconds, <c>quick</c> under about three minutes on two cores over all seeds, <c>full</c> as much as the claim deserves.</summary>
public enum Profile
{
    Smoke,
    Quick,
    Full,
}

/// <summary>Sizes and budgets of a reproduction; every paper derives its own, and <c>--set name=value</c> changes any of them.</summary>
public abstract record PaperSettings
{
    /// <summary>Independent repetitions; at least three for a verdict.</summary>
    [System.ComponentModel.DataAnnotations.Range(1, 1000)]
    public int Seeds { get; init; } = 3;
}

/// <summary>A published system that can be run: what it claims, how it is tested, and where this departs from the published method.</summary>
public abstract record Paper
{
    /// <summary>The row's number, for good.</summary>
    public required int Id { get; init; }

    public required Citation Source { get; init; }

    /// <summary>What the published work claims, in a sentence.</summary>
    public required string Claim { get; init; }

    /// <summary>The single comparisons that together carry the claim; each gets a verdict of its own.</summary>
    public required ImmutableArray<Finding> Findings { get; init; }

    /// <summary>Where this differs from the published method or its testbed, and why.</summary>
    public ImmutableArray<string> Departures { get; init; } = [];

    public abstract IReadOnlyList<string> Arms { get; }

    public abstract IReadOnlyList<MeasurementInfo> Measurements { get; }

    /// <summary>The settings record of a profile.</summary>
    public abstract PaperSettings SettingsOf(Profile profile);

    /// <summary>Trains every arm and scores it, seed by seed, and computes the verdicts.</summary>
    /// <param name="settings">Of the type that <see cref="SettingsOf"/> gives.</param>
    /// <param name="seed">The root of all randomness.</param>
    /// <param name="work">Where to compute and report.</param>
    /// <param name="memory">Keeps what is done, so that an interrupted run goes on where it was.</param>
    /// <param name="only">Trains this repetition alone, for the memory's sake, and computes no verdict; all when null.</param>
    public abstract PaperScores Run(PaperSettings settings, Seed seed, WorkContext work, ITrialMemory memory, int? only = null);
}

/// <summary>Marks the one class of a reproduction file; discovered by reflection.</summary>
public interface IPaper
{
    static abstract Paper Describe();
}
