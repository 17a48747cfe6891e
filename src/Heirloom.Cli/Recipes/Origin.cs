using System.Collections.Immutable;
using System.Reflection;
using Heirloom.Checkpoints;
using Heirloom.Data;
using Heirloom.Data.Sets;

namespace Heirloom.Cli.Recipes;

/// <summary>Lineage of what a recipe leaves.</summary>
internal static class Origin
{
    public static Lineage Of(RecipeConfig recipe, string method, long step, IReadOnlyDictionary<string, string> data, IEnumerable<SourceConfig> sources, IReadOnlyDictionary<string, double> scores, WorkContext work, params IReadOnlyList<LineageParent> parents) => new()
    {
        Method = method,
        Parents = [.. parents],
        Settings = Settings.ToYaml(recipe),
        Seed = recipe.Seed,
        Step = step,
        Data = data.ToImmutableSortedDictionary(),
        Licenses = [.. parents.Select(p => LineageFile.Read(p.Path)).SelectMany(l => l?.Licenses ?? []).Concat(sources.SelectMany(s => Licenses(s, work))).Distinct().Order(StringComparer.Ordinal)],
        Code = Machine.CodeVersion,
        Date = work.Clock.GetUtcNow().ToString("s") + "Z",
        Scores = scores.ToImmutableSortedDictionary(),
    };

    /// <summary>Licences of the named sets in a source and in those that it is made of.</summary>
    private static IEnumerable<string> Licenses(SourceConfig source, WorkContext work) => source is DataSetSourceConfig set
        ? [new DataSetCatalog(work).Find(set.Name).License]
        : source.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(p => p.GetValue(source)).SelectMany(v => v switch
        {
            SourceConfig inner => Licenses(inner, work),
            IEnumerable<SourceConfig> inner => inner.SelectMany(s => Licenses(s, work)),
            _ => [],
        });
}
