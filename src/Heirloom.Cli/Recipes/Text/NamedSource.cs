using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using Heirloom.Data;
using Heirloom.Data.Sources;

namespace Heirloom.Cli.Recipes.Text;

/// <summary>A body of text with the name under which its scores are kept.</summary>
public sealed record NamedSource : IExample<NamedSource>
{
    public static NamedSource Example => new() { Name = "speeches", Source = TextSourceConfig.Example };

    public required string Name { get; init; }

    public required SourceConfig Source { get; init; }

    /// <summary>Its share of the rows, in proportion to the others' weights; all without one: in proportion to their tokens.</summary>
    [Range(0, 1e9, MinimumIsExclusive = true)]
    public double? Weight { get; init; }

    /// <exception cref="UserError">No sources, a name twice, or weights for some of them only.</exception>
    internal static void Check(ImmutableArray<NamedSource> sources, string where)
    {
        if (sources.IsDefaultOrEmpty)
        {
            throw new UserError("needs at least one source", where, "add '- name: …' with 'source: …'");
        }

        if (sources.GroupBy(s => s.Name).FirstOrDefault(g => g.Count() > 1) is { } twice)
        {
            throw new UserError($"two sources are called '{twice.Key}'", where, "give each a name of its own");
        }

        if (sources.Any(s => s.Weight is null) && sources.Any(s => s.Weight is not null))
        {
            throw new UserError("some sources have a weight and some have none", where, "give all of them one, or none");
        }
    }
}
