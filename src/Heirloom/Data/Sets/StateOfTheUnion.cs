using System.Text.Json;

namespace Heirloom.Data.Sets;

/// <summary>Speeches of 231 years by the same office: text whose language drifts.</summary>
public sealed class StateOfTheUnion : TextDataSet
{
    public override string Name => "sotu";

    public override string Title => "State of the Union addresses";

    public override string Description =>
        "233 yearly addresses of the presidents of the United States, 1790 to 2021, with year, president and party: drift of language over time, authorship.";

    public override string License => "CC0-1.0 (text), PDDL-1.0 (collection)";

    public override Package Package => StdlibDatasets.Package;

    public override string Root => "sotu/data";

    public override IReadOnlyList<string> Files => ["*.json"];

    public override string Content => "6d30c3dd4ef0eb6d5355d3315a9f9971d0220cc5d663a007b23227f0bfbcfcb2";

    public override int Count => 233;

    public override IReadOnlyList<string> Fields => ["year", "president", "party"];

    public override IEnumerable<Document> Read(string folder)
    {
        // a name begins with the year
        foreach (var path in Directory.EnumerateFiles(folder, "*.json").Order(StringComparer.Ordinal))
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(path));
            var speech = json.RootElement;
            yield return new(Path.GetFileNameWithoutExtension(path), speech.GetProperty("text").GetString()!.Trim())
            {
                Fields = new Dictionary<string, string>
                {
                    ["year"] = speech.GetProperty("year").GetInt32().ToString(),
                    ["president"] = speech.GetProperty("name").GetString()!,
                    ["party"] = speech.GetProperty("party").GetString()!,
                },
            };
        }
    }
}
