using Heirloom.Worlds.Text;

namespace Heirloom.Tests.Worlds;

public class HmmTextTests
{
    private static readonly HmmTextConfig s_config = new() { Vocabulary = 400, Topics = 4 };

    [Fact]
    public void SameSeedSameTextAndOtherwiseOther()
    {
        var (a, b, other) = (s_config.Build(new Seed(1)), s_config.Build(new Seed(1)), s_config.Build(new Seed(2)));
        Assert.Equal(a.Document(7).Text, b.Document(7).Text);
        Assert.NotEqual(a.Document(7).Text, a.Document(8).Text);
        Assert.NotEqual(a.Document(7).Text, other.Document(7).Text);
    }

    [Fact]
    public void ReadsLikeSentences()
    {
        var world = s_config.Build(new Seed(1));
        foreach (var sentence in Enumerable.Range(0, 50).SelectMany(i => world.Document(i).Text.Split(". ")))
        {
            Assert.Matches(@"^[A-Z][a-z]*(,? [a-z]+)*\.?(\n\n[A-Z].*)?$", sentence.Replace(".\n\n", ".\n\nX", StringComparison.Ordinal).Split(".\n\n")[0]);
        }

        var lengths = Enumerable.Range(0, 200).Select(i => world.Document(i).Text.Count(c => c == '.')).ToList();
        Assert.Equal((6, 18), (lengths.Min(), lengths.Max()));
    }

    /// <summary>The frequencies of words follow the probabilities of the model: the commonest noun over many documents, within 5 standard deviations.</summary>
    [Fact]
    public void WordsHaveTheirProbabilities()
    {
        var config = s_config with { Focus = 0, Boost = 1 };
        var world = new HmmText(config, new Seed(3));
        var words = Enumerable.Range(0, 1500).SelectMany(i => world.Document(i).Text.ToLowerInvariant().Split([' ', ',', '.', '\n'], StringSplitOptions.RemoveEmptyEntries)).CountBy(w => w).ToDictionary();
        var nouns = new Lexicon(config.Vocabulary, 0, config.Drift, new Seed(3).For("lexicon")).Forms(Tag.Noun);
        var total = nouns.Sum(n => words.GetValueOrDefault(n));
        for (var place = 0; place < 20; place++)
        {
            var p = world.Probability(0, Tag.Noun, place);
            Assert.InRange(words[nouns[place]], (total * p) - (5 * Math.Sqrt(total * p)), (total * p) + (5 * Math.Sqrt(total * p)));
        }
    }

    [Fact]
    public void PeriodsShareTheGrammarAndSomeWords()
    {
        var shared = Overlap(0, 1);
        Assert.InRange(shared, 0.6, 0.8);
        Assert.InRange(Overlap(0, 3), 0.25, 0.45);

        double Overlap(int a, int b)
        {
            var lexicons = new[] { a, b }.Select(p => new Lexicon(400, p, 0.3, new Seed(1)).Forms(Tag.Noun).ToHashSet()).ToArray();
            return (double)lexicons[0].Intersect(lexicons[1]).Count() / lexicons[0].Count;
        }
    }

    [Fact]
    public void NoFormServesTwoPlaces()
    {
        var lexicon = new Lexicon(5000, 4, 0.5, new Seed(1));
        var forms = Enum.GetValues<Tag>().Where(t => (int)t < Grammar.Open).SelectMany(lexicon.Forms).ToList();
        Assert.Equal(forms.Count, forms.Distinct().Count());
    }

    [Fact]
    public void TopicsMoveWithThePeriod()
    {
        var now = new HmmText(s_config, new Seed(1)).Topics;
        var later = new HmmText(s_config with { Period = 1 }, new Seed(1)).Topics;
        Assert.Equal(0, now.Index().MaxBy(t => t.Item).Index);
        Assert.Equal(1, later.Index().MaxBy(t => t.Item).Index);
        Assert.Equal(1, later.Sum(), 12);
    }

    /// <summary>The posterior is calibrated: it names the topic as often as it says it does, and far more often than guessing.</summary>
    [Fact]
    public void PosteriorIsCalibrated()
    {
        var world = new HmmText(s_config with { Boost = 4, Sentences = 2, Focus = 0.7 }, new Seed(5));
        var (right, claimed, guess) = (0, 0.0, 0.0);
        const int Count = 3000;
        for (var i = 0; i < Count; i++)
        {
            var document = world.Document(i);
            var (topic, confidence) = world.Posterior(document.Text).Index().MaxBy(t => t.Item);
            right += document.Fields["topic"] == HmmText.TopicName(topic) ? 1 : 0;
            claimed += confidence;
            guess = world.Topics.Max() * Count;
        }

        Assert.InRange(right, claimed - (4 * Math.Sqrt(Count) / 2), claimed + (4 * Math.Sqrt(Count) / 2));
        Assert.True(right > guess + 100, $"{right} right, {guess} by guessing");
    }

    [Fact]
    public void IsASourceOfARecipe()
    {
        var config = Settings.Parse<WorldSourceConfig>("world:\n  kind: hmm_text\n  period: 2\ndocuments: 5\nfirst: 10\nseed: 3\n", "recipe.yaml");
        var source = config.Open(new());
        Assert.Equal(5, source.Read().Count());
        Assert.Equal(source.Read().Select(d => d.Text), config.Open(new()).Read().Select(d => d.Text));
        Assert.NotEqual(source.Fingerprint, (config with { First = 15 }).Open(new()).Fingerprint);
    }
}
