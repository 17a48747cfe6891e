using CsCheck;
using Heirloom.Data;
using Heirloom.Data.Refining;
using Heirloom.Data.Sources;
using Heirloom.Worlds.Text;

namespace Heirloom.Tests.Data.Refining;

public class RefiningTests
{
    private static readonly string s_prose = string.Join(' ', new WorldSourceConfig { World = new HmmTextConfig(), Documents = 80 }.Open(new()).Read().Select(d => d.Text));

    private static string Prose(int words, int from = 0) => string.Join(' ', s_prose.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Skip(from).Take(words));

    private sealed class Given(params string[] texts) : IDocumentSource
    {
        public string Name => "given";

        public string Fingerprint => string.Join('|', texts);

        public IEnumerable<Document> Read() => texts.Select((t, i) => new Document($"{i}", t));
    }

    /// <summary>Texts as a source's settings.</summary>
    public sealed record GivenConfig(params string[] Texts) : SourceConfig
    {
        public override IDocumentSource Open(WorkContext work) => new Given(Texts);
    }

    private static string[] Read(SourceConfig source) => [.. source.Open(new()).Read().Select(d => d.Text)];

    [Theory]
    [InlineData("https://www.casino.example/play", true)]
    [InlineData("http://user@CASINO.example:8080?x=1", true)]
    [InlineData("https://notcasino.example/", false)]
    [InlineData("https://a.org/xyzzyx", true)]
    [InlineData("https://a.org/hard-times", true)]
    [InlineData("https://a.org/hardly", false)]
    [InlineData("https://a.org/soft/page", false)]
    [InlineData("https://a.org/soft/mild", true)]
    [InlineData("", false)]
    public void AddressesAreBlockedByHostPartAndScore(string url, bool blocked) => Assert.Equal(blocked, new UrlFilterSourceConfig
    {
        Source = TextSourceConfig.Example, Hosts = ["casino.example"], StrictParts = ["xyzzy"], HardWords = ["hard"], SoftWords = ["soft", "mild"],
    }.Blocks(url));

    [Fact]
    public void PublishedRulesNameWhatIsBroken()
    {
        var rules = new QualityRulesConfig();
        var text = "This is a text of some words that people have written with care, and it says many different things. " + string.Join(' ', Enumerable.Range(0, 60).Select(i => $"word{i}"));

        Assert.Null(rules.Breaks(text));
        Assert.Equal("number of words", rules.Breaks("the few of them"));
        Assert.Equal("mean length of a word", rules.Breaks(string.Join(' ', Enumerable.Repeat("a b the of", 20))));
        Assert.Equal("symbols", rules.Breaks(text + string.Join(' ', Enumerable.Repeat("#tag", 12))));
        Assert.Equal("words without a letter", rules.Breaks(text + " " + string.Join(' ', Enumerable.Range(1000, 40))));
        Assert.Equal("stop words", rules.Breaks(string.Join(' ', Enumerable.Range(0, 60).Select(i => $"word{i}"))));
        Assert.Equal("lines that end with an ellipsis", rules.Breaks(text.Replace(". ", "...\n") + "\nmore…"));
        Assert.Equal("repeated lines", rules.Breaks(text + "\n" + text));
        Assert.Equal("the most frequent 2 words", rules.Breaks(text + string.Concat(Enumerable.Range(0, 30).Select(i => $" and{i} again so"))));
        Assert.Null((rules with { MinWords = 0 }).Breaks(""));
    }

    [Fact]
    public void RepetitionIsCountedInCharacters()
    {
        var repetition = new Repetition("ab cd ab cd efgh ab cd".Split(' '));

        Assert.Equal(12.0 / 16, repetition.TopGram(2), 12);
        Assert.Equal(12.0 / 16, repetition.DuplicateGrams(2), 12);
        Assert.Equal(0, repetition.TopGram(5), 12);
        Assert.Equal(0, repetition.DuplicateGrams(3), 12);
        Assert.Equal((0.5, 0.5), Repetition.OfParts(["aa", "bb", "aa", "bb"]));

        // overlapping occurrences count each character once
        Assert.Equal(1, new Repetition(["a", "a", "a", "a"]).DuplicateGrams(2), 12);
    }

    [Fact]
    public void FurnitureGoesAndTextStays()
    {
        var rules = new CorrectLinesSourceConfig { Source = TextSourceConfig.Example };
        var text = Prose(400);

        Assert.Equal(text, rules.Correct(text));
        Assert.Equal(text, rules.Correct($"HOME | ABOUT US\n3 likes\nMenu\n{text}\n12\n1.2k comments"));
        Assert.Equal($"{text}\nthe news of today", rules.Correct($"{text}\nthe news of today Read more..."));
        Assert.Equal(text, rules.Correct($"{text}\nItems in cart: 0"));
        Assert.Null(rules.Correct(string.Concat(Enumerable.Repeat("LOOK AT ALL OF THIS NOW\n", 5)) + text[..500]));
    }

    [Theory]
    [InlineData("Skip tomorrow's class")]
    [InlineData("Log into the site")]
    [InlineData("They foresee more")]
    [InlineData("A biscuitcookie policy of items in cartons")]
    public void PhrasesAreWholeWords(string line)
    {
        var rules = new CorrectLinesSourceConfig { Source = TextSourceConfig.Example };
        var text = Prose(400);

        Assert.Equal($"{text}\n{line}", rules.Correct($"{text}\n{line}"));
    }

    [Fact]
    public void APhraseGoesWhereverItStandsAlone()
    {
        var rules = new CorrectLinesSourceConfig { Source = TextSourceConfig.Example, MaxRemoved = 1, Anywhere = ["ab", ""] };

        Assert.Equal("cab  abc  of it", rules.Correct("ab cab ab abc ab of it"));
    }

    [Fact]
    public void CopiesGoWhateverTheirWhiteSpace() => Assert.Equal(
        ["a b", "b a", "ab"], Read(new ExactDedupSourceConfig { Source = new GivenConfig("a b", "b a", " a\n b ", "ab", "b a") }));

    [Fact]
    public void SignaturesEstimateTheJaccardSimilarity()
    {
        var hash = new MinHash(new() { ShingleWords = 1, Bands = 20, Rows = 200 });
        foreach (var shared in (int[])[0, 100, 250, 400, 500])
        {
            var first = hash.Signature(string.Join(' ', Enumerable.Range(0, 500)));
            var second = hash.Signature(string.Join(' ', Enumerable.Range(500 - shared, 500)));

            // four standard errors of 4,000 draws are at most 0.032
            Assert.Equal(shared / (1000.0 - shared), MinHash.Similarity(first, second), 0.035);
        }

        Assert.Equal(hash.Signature("One, two; THREE!"), hash.Signature("one two three"));
        Assert.Equal(4000, hash.Signature("").Length);
    }

    [Fact]
    public void TextsWithoutAWordAreNoCopiesOfOneAnother()
    {
        string[] texts = ["!!!", "???", "", "* * *", "𐐀𐐁 𐐂", "𐐃𐐄 𐐅"];

        Assert.Equal(texts, Read(new NearDedupSourceConfig { Source = new GivenConfig([.. texts, "!!!", "", "𐐨𐐩, 𐐪"]), Hashing = MinHashConfig.Example }));
    }

    [Fact]
    public void NearCopiesGoAtThePublishedNumbersAndOthersStay()
    {
        var first = Prose(2500);
        var changed = string.Join(' ', first.Split(' ').Select((w, i) => i == 1000 ? "otherwise" : w));
        var other = Prose(1500, 1500);

        Assert.Equal([first, other], Read(new NearDedupSourceConfig { Source = new GivenConfig(first, other, changed, first) }));
        Assert.Equal(["", "x"], Read(new NearDedupSourceConfig { Source = new GivenConfig("", "x", "x"), Hashing = MinHashConfig.Example }));
    }

    [Fact]
    public void SpansThatStoodBeforeAreCut()
    {
        var (shared, own) = (Prose(60), "and this was only here in the whole of it");
        var source = new RepeatedSpansSourceConfig { Source = new GivenConfig($"one {shared} two", $"{own} {shared} {own} so", shared, Prose(49)) };

        Assert.Equal([$"one {shared} two", $"{own}  {own} so", Prose(49)], Read(source));
    }

    [Fact]
    public void WhatIsLeftHoldsNoSpanTwice() => Gen.Int[0, 2].Array[0, 40].Array[1, 6].Sample(documents =>
    {
        string[] texts = [.. documents.Select(d => string.Join(' ', d))];
        var source = new RepeatedSpansSourceConfig { Source = new GivenConfig(texts), Words = 4, MinCharacters = 0 };
        var seen = new HashSet<ulong>();
        foreach (var text in texts)
        {
            var cut = source.Cut(text, seen);
            if (cut.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length > text.Split(' ').Length)
            {
                return false;
            }
        }

        // a corpus read again holds nothing new
        return texts.All(t => t.Split(' ').Length < 4 || source.Cut(t, seen).Trim().Length == 0);
    });

    [Fact]
    public void AdvertisementsOfAnEmptySourceAreRefused()
    {
        var noisy = new WebNoiseSourceConfig { Source = new GivenConfig("a b c"), Spam = new GivenConfig() };

        Assert.Contains("given", Assert.Throws<UserError>(() => Read(noisy)).Message, StringComparison.Ordinal);
        Assert.NotEmpty(Read(noisy with { SpamRate = 0 }));
    }

    [Fact]
    public void RefiningUndoesWebNoise()
    {
        var clean = new GivenConfig([.. Enumerable.Range(0, 12).Select(i => Prose(300, 300 * i))]);
        var noisy = new WebNoiseSourceConfig { Source = clean, Spam = new GivenConfig("BUY NOW BUY CHEAP"), Copies = 1, NearCopies = 1, Changed = 0, Stuffed = 1, Furniture = 1 };

        var raw = noisy.Open(new()).Read().ToList();
        var refined = Read(new NearDedupSourceConfig
        {
            Source = new ExactDedupSourceConfig
            {
                Source = new QualityFilterSourceConfig
                {
                    Source = new CorrectLinesSourceConfig { Source = noisy, MaxRemoved = 0.2 }, Rules = new() { StopWords = [], MinStopWords = 0 },
                },
            },
            Hashing = new() { Bands = 20, Rows = 10 },
        });

        Assert.Equal(12 * 3 * 3, raw.Count); // text, stuffed and spam, each with a copy and a near copy
        Assert.Equal(5, raw.Select(d => d.Fields["web"]).Distinct().Count());
        Assert.Equal(raw.Select(d => d.Text), Read(noisy));
        Assert.Equal(12, refined.Length); // phrases cut from the furniture's lines may leave a rest of them, but each text is there once
        Assert.All(clean.Texts.Zip(refined), p => Assert.Contains(p.First, p.Second, StringComparison.Ordinal));
        Assert.NotEqual(noisy.Open(new()).Fingerprint, (noisy with { Seed = new(2) }).Open(new()).Fingerprint);
    }
}
