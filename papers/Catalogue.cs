using Heirloom.Papers;

namespace Heirloom.Reproductions;

/// <summary>All rows of the catalogue with the implementations in this assembly and the results committed with it.</summary>
public static class Catalogue
{
    public static PaperLibrary Library { get; } = PaperLibrary.Of(typeof(Catalogue).Assembly);

    /// <summary>Results measured by the maintainers.</summary>
    public static IReadOnlyList<PaperResult> CommittedResults { get; } = [.. typeof(Catalogue).Assembly.GetManifestResourceNames()
        .Where(n => n.StartsWith("results/", StringComparison.Ordinal))
        .Order(StringComparer.Ordinal)
        .Select(n => ResultStore.Parse(Text(n), n))];

    private static string Text(string resource)
    {
        using var reader = new StreamReader(typeof(Catalogue).Assembly.GetManifestResourceStream(resource)!);
        return reader.ReadToEnd();
    }
}
