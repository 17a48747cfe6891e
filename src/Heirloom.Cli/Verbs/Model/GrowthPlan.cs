using Heirloom.Reuse.Growing;

namespace Heirloom.Cli.Verbs.Model;

/// <summary>What a growth was asked for; kept in the lineage of its result.</summary>
internal sealed record GrowthPlan
{
    public required GrowthConfig Method { get; init; }

    public required ModelSize From { get; init; }

    public required ModelSize To { get; init; }

    public required ulong Seed { get; init; }
}
