using System.Collections.Immutable;
using System.Reflection;

namespace Heirloom.Papers;

/// <summary>A row of the catalogue, implemented or not.</summary>
public sealed record PaperRow(int Id, string Family, string Title, Paper? Paper)
{
    public bool Implemented => Paper is not null;
}

/// <summary>All rows: titles and families from one table, implementations by reflection.</summary>
public sealed class PaperLibrary
{
    private PaperLibrary(ImmutableSortedDictionary<int, PaperRow> rows) => Rows = rows;

    public ImmutableSortedDictionary<int, PaperRow> Rows { get; }

    /// <summary>Reads the embedded table <c>papers.tsv</c> of an assembly and finds its <see cref="IPaper"/> classes.</summary>
    /// <exception cref="InvalidOperationException">Two classes claim a row, or one claims a row that the table lacks.</exception>
    public static PaperLibrary Of(Assembly assembly)
    {
        var papers = assembly.GetTypes()
            .Where(t => t is { IsClass: true, IsAbstract: false } && t.IsAssignableTo(typeof(IPaper)))
            .Select(t => (Paper)t.GetMethod(nameof(IPaper.Describe), BindingFlags.Public | BindingFlags.Static)!.Invoke(null, null)!)
            .ToLookup(p => p.Id);
        if (papers.FirstOrDefault(g => g.Count() > 1) is { } twice)
        {
            throw new InvalidOperationException($"row {twice.Key} is implemented twice");
        }

        var rows = Table(assembly).Select(r => r with { Paper = papers[r.Id].SingleOrDefault() }).ToImmutableSortedDictionary(r => r.Id, r => r);
        if (papers.FirstOrDefault(g => !rows.ContainsKey(g.Key)) is { } unknown)
        {
            throw new InvalidOperationException($"row {unknown.Key} is not in the table of papers");
        }

        return new(rows);
    }

    /// <summary>One row.</summary>
    /// <exception cref="UserError">No such number.</exception>
    public PaperRow Row(int id) => Rows.TryGetValue(id, out var row)
        ? row
        : throw new UserError($"there is no paper {id}", mend: $"numbers go from {Rows.Keys.First()} to {Rows.Keys.Last()}; see 'heirloom papers list'");

    /// <summary>One row that can be run.</summary>
    /// <exception cref="UserError">No such number, or not implemented.</exception>
    public Paper Implemented(int id) => Row(id).Paper
        ?? throw new UserError($"paper {id}, \"{Row(id).Title}\", is not implemented yet", mend: "'heirloom papers list --implemented' shows those that are");

    private static IEnumerable<PaperRow> Table(Assembly assembly)
    {
        using var stream = assembly.GetManifestResourceStream("papers.tsv")
            ?? throw new InvalidOperationException($"{assembly.GetName().Name} has no table of papers");
        using var reader = new StreamReader(stream);
        reader.ReadLine();
        while (reader.ReadLine() is { } line)
        {
            var cells = line.Split('\t');
            yield return new(int.Parse(cells[0]), cells[1], cells[2], null);
        }
    }
}
