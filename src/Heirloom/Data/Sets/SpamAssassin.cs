using System.Text;

namespace Heirloom.Data.Sets;

/// <summary>The SpamAssassin public mail corpus (2002 to 2005).</summary>
public sealed class SpamAssassin : TextDataSet
{
    private static readonly UTF8Encoding _strict = new(false, throwOnInvalidBytes: true);

    public override string Name => "spam-assassin";

    public override string Title => "SpamAssassin mails";

    public override string Description =>
        "6,046 mails of 2002, labelled spam or ham, in groups of different difficulty. A document is the subject and the body as sent (with HTML or MIME parts); the other headers, which give the label away, are left out.";

    public override string License => "CC0-1.0 (mails), PDDL-1.0 (collection) as declared by the package";

    public override string Caution => "The mails were given or public, but each keeps its writer's copyright, and names real people: use them to test, do not redistribute.";

    public override Package Package => StdlibDatasets.Package;

    public override string Root => "spam-assassin/data";

    public override IReadOnlyList<string> Files => ["*/*.txt"];

    public override string Content => "7e7f2e937ca41790b6a766c1cc5b360e1eb2828b865482e657404ed463e82cb3";

    public override int Count => 6046;

    public override IReadOnlyList<string> Fields => ["label", "group"];

    public override IEnumerable<Document> Read(string folder)
    {
        foreach (var path in Directory.EnumerateFiles(folder, "*.txt", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            var group = Path.GetFileName(Path.GetDirectoryName(path)!);
            yield return new($"{group}/{Path.GetFileName(path).Split('.')[0]}", Text(Decode(File.ReadAllBytes(path))))
            {
                Fields = new Dictionary<string, string> { ["label"] = group.StartsWith("spam", StringComparison.Ordinal) ? "spam" : "ham", ["group"] = group },
            };
        }
    }

    /// <summary>Mail of that time rarely says its character set, and is Latin-1 where it is not ASCII or UTF-8.</summary>
    private static string Decode(byte[] bytes)
    {
        try
        {
            return _strict.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return TextEncoding.Latin1.GetString(bytes);
        }
    }

    private static string Text(string mail)
    {
        mail = mail.ReplaceLineEndings("\n");
        var end = mail.IndexOf("\n\n", StringComparison.Ordinal);
        var (head, body) = end < 0 ? (mail, "") : (mail[..end], mail[(end + 2)..]);
        const string field = "\nSubject:";
        var start = head.IndexOf(field, StringComparison.OrdinalIgnoreCase);
        if (start < 0)
        {
            return body.Trim();
        }

        // a header goes on in lines that begin with white space
        var stop = start + field.Length;
        while (stop < head.Length && (head[stop] != '\n' || (stop + 1 < head.Length && head[stop + 1] is ' ' or '\t')))
        {
            stop++;
        }

        var subject = head[(start + field.Length)..stop].Replace("\n", "", StringComparison.Ordinal).Trim();
        return $"Subject: {subject}\n\n{body.Trim()}";
    }
}
