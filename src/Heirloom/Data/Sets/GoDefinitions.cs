using Microsoft.Data.Sqlite;

namespace Heirloom.Data.Sets;

/// <summary>Definitions of the Gene Ontology (Ashburner et al. 2000): the language of biology.</summary>
public sealed class GoDefinitions : TextDataSet
{
    public override string Name => "go-definitions";

    public override string Title => "Gene Ontology definitions";

    public override string Description => "35,140 definitions of biological processes, functions and cell components, one to three sentences each, with the term and its ontology.";

    public override string License => "Artistic-2.0 as declared by the package";

    public override string Caution => "The Gene Ontology itself is CC BY 4.0: name it where results are published.";

    public override Package Package { get; } =
        Package.Debian("r-bioc-go.db", "3.16.0-1", 12_359_372, "6cf9c43b97212811ecb7ad0d7cde12e76f984ab7494a59c02455239a9dd3243d");

    public override string Root => "usr/lib/R/site-library/GO.db/extdata";

    public override IReadOnlyList<string> Files => ["GO.sqlite"];

    public override string Content => "1a8391bebc15be223887b01ab0be8acc76abf3a8b66878768c38c2a49a9b49c0";

    public override int Count => 35_140;

    public override IReadOnlyList<string> Fields => ["term", "ontology"];

    public override IEnumerable<Document> Read(string folder)
    {
        var file = new SqliteConnectionStringBuilder { DataSource = Path.Combine(folder, "GO.sqlite"), Mode = SqliteOpenMode.ReadOnly, Pooling = false };
        using var connection = new SqliteConnection(file.ToString());
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = """
            SELECT go_id, term, term_type, definition FROM go_term JOIN go_ontology USING (ontology)
            WHERE definition IS NOT NULL AND definition <> '' ORDER BY go_id
            """;
        using var rows = command.ExecuteReader();
        while (rows.Read())
        {
            yield return new(rows.GetString(0), rows.GetString(3))
            {
                Fields = new Dictionary<string, string> { ["term"] = rows.GetString(1), ["ontology"] = rows.GetString(2) },
            };
        }
    }
}
