using System.ComponentModel.DataAnnotations;
using System.Text;
using Heirloom.Data;
using Heirloom.Data.Sources;

namespace Heirloom.Worlds.Text;

/// <summary>
/// Makes of clean text what a crawl of the web would hold of it, so that refining can be measured where the truth is known: pages with furniture around the
/// text, copies, near copies with a few words changed, pages stuffed with repeated phrases, and other people's advertising. The field <c>web</c> says which.
/// </summary>
[Kind("web_noise")]
public sealed record WebNoiseSourceConfig : SourceConfig, IExample<WebNoiseSourceConfig>
{
    private static readonly string[] s_top = ["HOME | ABOUT US | CONTACT", "Sign in to leave a comment", "MENU", "Skip to main content", "Share this: Facebook Twitter", "Items in cart: 0"];

    private static readonly string[] s_bottom = ["Read more...", "3 likes", "12 comments", "© 2019. All rights reserved.", "Previous", "Next", "PRIVACY AND COOKIE POLICY", "1,024 views"];

    public static WebNoiseSourceConfig Example => new() { Source = TextSourceConfig.Example };

    /// <summary>The clean text.</summary>
    public required SourceConfig Source { get; init; }

    /// <summary>What advertises among it, over and over if it is short; null for none.</summary>
    public SourceConfig? Spam { get; init; }

    /// <summary>Advertisements for each clean document, on average.</summary>
    [Range(0.0, 100.0)]
    public double SpamRate { get; init; } = 1;

    /// <summary>Share of pages with furniture around the text.</summary>
    [Range(0.0, 1.0)]
    public double Furniture { get; init; } = 0.5;

    /// <summary>Copies of each page, on average.</summary>
    [Range(0.0, 100.0)]
    public double Copies { get; init; } = 0.5;

    /// <summary>Near copies of each page, on average.</summary>
    [Range(0.0, 100.0)]
    public double NearCopies { get; init; } = 0.5;

    /// <summary>Share of words that a near copy changes.</summary>
    [Range(0.0, 1.0)]
    public double Changed { get; init; } = 0.001;

    /// <summary>Stuffed pages for each document, on average: a phrase of it again and again.</summary>
    [Range(0.0, 100.0)]
    public double Stuffed { get; init; } = 0.2;

    public Seed Seed { get; init; } = new(1);

    public override IDocumentSource Open(WorkContext work)
    {
        var (source, spam) = (Source.Open(work), Spam?.Open(work));
        var described = Settings.ToYaml(this with { Source = TextSourceConfig.Example, Spam = null });
        return new DocumentStream(
            $"{source.Name} (as on the web)", () => Hashes.OfText($"web_noise {described} {source.Fingerprint} {spam?.Fingerprint}"), () => Read(source, spam));
    }

    private IEnumerable<Document> Read(IDocumentSource source, IDocumentSource? spam)
    {
        using var advertising = (spam is null ? [] : Endless(spam)).GetEnumerator();
        var index = 0L;
        foreach (var document in source.Read())
        {
            var rng = Seed.For("document", index++).Random();
            foreach (var (page, kind) in Pages(document, advertising, rng))
            {
                yield return As(page, kind, Page(page.Text, rng));
                for (var i = Times(Copies, rng); i > 0; i--)
                {
                    yield return As(page, "copy", page.Text);
                }

                for (var i = Times(NearCopies, rng); i > 0; i--)
                {
                    yield return As(page, "near copy", Page(Altered(page.Text, rng), rng));
                }
            }
        }
    }

    /// <summary>A clean text and what comes along with it; copies are made of each alike.</summary>
    private IEnumerable<(Document Page, string Kind)> Pages(Document document, IEnumerator<Document> advertising, Rng rng)
    {
        yield return (document, "text");
        for (var i = Times(Stuffed, rng); i > 0; i--)
        {
            yield return (document with { Text = Stuff(document.Text, rng) }, "stuffed");
        }

        for (var i = Times(SpamRate, rng); i > 0 && advertising.MoveNext(); i--)
        {
            yield return (advertising.Current, "spam");
        }
    }

    private static IEnumerable<Document> Endless(IDocumentSource source)
    {
        while (true)
        {
            var any = false;
            foreach (var document in source.Read())
            {
                any = true;
                yield return document;
            }

            if (!any)
            {
                throw new UserError("has no documents, so nothing advertises", source.Name, "leave 'spam' out for a web without advertisements");
            }
        }
    }

    private static Document As(Document document, string kind, string text) => document with
    {
        Id = $"{document.Id} ({kind})",
        Text = text,
        Fields = new Dictionary<string, string>(document.Fields) { ["web"] = kind },
    };

    private static int Times(double rate, Rng rng) => (int)(rate + rng.NextDouble());

    private string Page(string text, Rng rng) => rng.NextDouble() < Furniture ? $"{Lines(s_top, rng)}\n\n{text}\n\n{Lines(s_bottom, rng)}" : text;

    private static string Lines(string[] from, Rng rng)
    {
        string[] lines = [.. from];
        rng.Shuffle<string>(lines);
        return string.Join('\n', lines.Take(1 + rng.Next(lines.Length)));
    }

    /// <summary>Some words become others of the same text, at least one.</summary>
    private string Altered(string text, Rng rng)
    {
        var words = text.Split(' ');
        for (var i = Math.Max(1, Times(Changed * words.Length, rng)); i > 0; i--)
        {
            words[rng.Next(words.Length)] = words[rng.Next(words.Length)];
        }

        return string.Join(' ', words);
    }

    private static string Stuff(string text, Rng rng)
    {
        var words = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (words.Length == 0)
        {
            return text;
        }

        var start = rng.Next(words.Length);
        var phrase = string.Join(' ', words.Skip(start).Take(4 + rng.Next(5)));
        var stuffed = new StringBuilder();
        for (var i = 0; i < 60; i++)
        {
            stuffed.Append(phrase).Append(i % 6 == 5 ? ".\n" : " ");
        }

        return stuffed.ToString();
    }
}
