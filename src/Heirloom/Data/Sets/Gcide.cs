using Heirloom.Data.Formats;

namespace Heirloom.Data.Sets;

/// <summary>The GNU Collaborative International Dictionary of English: Webster's of 1913 with additions.</summary>
public sealed class Gcide : TextDataSet
{
    private const string Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    public override string Name => "gcide";

    public override string Title => "GNU Collaborative International Dictionary of English";

    public override string Description => "Entries of a large dictionary with etymologies and quotations, by headword: definitions, rare and old words.";

    public override string License => "GPL-2+ (the text of 1913 is in the public domain)";

    public override Package Package { get; } =
        Package.Debian("dict-gcide", "0.48.5+nmu2", 14_800_692, "7b0af5cfde3cbdef5e9d6e78f92ec335ced7c2790f37a40f49bebc6f7347ac0f");

    public override string Root => "usr/share/dictd";

    public override IReadOnlyList<string> Files => ["gcide.index", "gcide.dict.dz"];

    public override string Content => "19ed66dc77fe21304c37b82e5fe4f76982a0a35d2c123f4225e4e5a9fb01a626";

    public override int Count => 126_236;

    public override IReadOnlyList<string> Fields => ["headword"];

    public override IEnumerable<Document> Read(string folder)
    {
        using var stream = Compressed.Open(Path.Combine(folder, "gcide.dict.dz")); // dictzip is gzip
        var at = 0L;
        var skipped = new byte[1 << 16];
        foreach (var (headword, offset, length) in Entries(Path.Combine(folder, "gcide.index")))
        {
            while (at < offset)
            {
                var read = stream.Read(skipped, 0, (int)Math.Min(skipped.Length, offset - at));
                at += read > 0 ? read : throw new UserError("the dictionary ends before its index does", folder);
            }

            var entry = new byte[length];
            stream.ReadExactly(entry);
            at += length;
            var text = TextEncoding.UTF8.GetString(entry).Trim();
            // an entry begins with its headword and a backslash before the pronunciation; the index may name it by a phrase inside
            var end = text.AsSpan(0, Math.Min(text.Length, 100)).IndexOf('\\');
            yield return new($"{offset}", text) { Fields = new Dictionary<string, string> { ["headword"] = end > 0 ? text[..end].Trim() : headword } };
        }
    }

    /// <summary>The entries in the order of the text; several lines of the index may lead to one.</summary>
    private static IEnumerable<(string Headword, long Offset, int Length)> Entries(string index) =>
        (from line in File.ReadLines(index)
         let cells = line.Split('\t')
         where cells.Length >= 3 && !cells[0].StartsWith("00", StringComparison.Ordinal) // notes on the database itself
         let entry = (Headword: cells[0], Offset: Number(cells[1]), Length: (int)Number(cells[2]))
         orderby entry.Offset
         select entry).DistinctBy(entry => entry.Offset);

    private static long Number(string base64) => base64.Aggregate(0L, (number, digit) => (number * 64) + Digits.IndexOf(digit, StringComparison.Ordinal));
}
