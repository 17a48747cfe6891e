using Heirloom.Papers;
using Heirloom.Reproductions;

namespace Heirloom.Cli.Verbs.Papers;

/// <summary>Results that this program knows: its own committed ones, overridden by those measured here.</summary>
internal static class PaperResults
{
    /// <summary>Where <c>papers run</c> leaves results.</summary>
    public static string LocalFolder(CliContext context) => Path.Combine(context.RunsFolder, "papers");

    /// <summary>One result for each paper and profile.</summary>
    public static IReadOnlyList<PaperResult> All(CliContext context) =>
        [.. Catalogue.CommittedResults.Concat(ResultStore.Read(LocalFolder(context)))
            .GroupBy(r => (r.Id, r.Profile))
            .Select(g => g.Last())
            .OrderBy(r => r.Id).ThenBy(r => r.Profile, StringComparer.Ordinal)];
}
