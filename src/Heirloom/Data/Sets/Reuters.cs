using System.Net;
using Heirloom.Data.Formats;

namespace Heirloom.Data.Sets;

/// <summary>Newswires of Reuters-21578 (Lewis 1997), from the training and test parts of the ModApte split, as Weka's examples have them.</summary>
public abstract class ReutersSet : TextDataSet
{
    public override string License => "GPL-2 as declared by the package";

    public override string Caution => "Reuters holds the copyright of the newswires and gave them for research use only: use them to test, do not redistribute.";

    public override Package Package { get; } = Package.Debian("weka", "3.6.14-3", 6_627_440, "58ea5ec3b42ca9719be5756d1bd64ebed0e69d16d6fffa200b3cebf4ccccab16");

    public override string Root => "usr/share/doc/weka/examples";

    public override int Count => 2158;

    public override IReadOnlyList<string> Splits => ["train", "test"];

    /// <summary>The newswires of one file, with its class.</summary>
    private protected static IEnumerable<(string Id, string Split, string Text, string Label)> ReadTopic(string folder, string topic)
    {
        foreach (var split in new[] { "train", "test" })
        {
            var number = 0;
            foreach (var row in Arff.Open(Path.Combine(folder, $"Reuters{topic}-{split}.arff")).Rows())
            {
                number++;
                // the feed's end mark and its entities are no text
                var text = WebUtility.HtmlDecode(row[0] ?? "").Replace("\u0003", "", StringComparison.Ordinal).Trim();
                yield return ($"{split}-{number}", split, text, row[1] ?? "0");
            }
        }
    }
}

/// <summary>All the newswires, as text.</summary>
public sealed class Reuters : ReutersSet
{
    public override string Name => "reuters";

    public override string Title => "Reuters newswires";

    public override string Description => "2,158 newswires on trade and finance of 1987, marked by whether they are about corn and about grain.";

    public override IReadOnlyList<string> Files => ["ReutersCorn-*.arff", "ReutersGrain-*.arff"];

    public override string Content => "6c5b769a990c3119aaf46d4bfdbf0eca8d490f04ba2a9dfa03b13002cbc15eab";

    public override IReadOnlyList<string> Fields => ["corn", "grain", "split"];

    public override IEnumerable<Document> Read(string folder) =>
        // both files hold the same newswires in the same order; the content's pin vouches for it
        ReadTopic(folder, "Corn").Zip(ReadTopic(folder, "Grain"), (corn, grain) => new Document(corn.Id, corn.Text)
        {
            Fields = new Dictionary<string, string> { ["corn"] = corn.Label, ["grain"] = grain.Label, ["split"] = corn.Split },
        });
}

/// <summary>The newswires with the label corn: a rare class.</summary>
public sealed class ReutersCorn : ReutersSet
{
    public override string Name => "reuters-corn";

    public override string Title => "Reuters newswires, corn or not";

    public override string Description => "2,158 newswires of 1987 labelled corn or other; 69 of them are about corn: classification with a rare class.";

    public override IReadOnlyList<string> Files => ["ReutersCorn-*.arff"];

    public override string Content => "105f078a9788d9514e409977abd6839014924d5accdb2c529245cf062f57c17a";

    public override IReadOnlyList<string> Fields => ["label", "split"];

    public override IEnumerable<Document> Read(string folder) => ReadTopic(folder, "Corn").Select(wire => new Document(wire.Id, wire.Text)
    {
        Fields = new Dictionary<string, string> { ["label"] = wire.Label == "1" ? "corn" : "other", ["split"] = wire.Split },
    });
}
