using System.Text;
using Heirloom.Data;

namespace Heirloom.Worlds.Text;

/// <summary>
/// Text from a hidden Markov model: the hidden state is a topic, which holds for a sentence, and a part of speech, which follows a grammar; words have Zipf
/// frequencies (Zipf 1935, with Mandelbrot's offset 2.7) that their own topic multiplies. Fields: <c>topic</c> (the document's own, its label) and <c>period</c>.
/// </summary>
public sealed class HmmText : ITextWorld
{
    private const double ZipfOffset = 2.7;
    private const int SentencesPerParagraph = 5;
    private readonly HmmTextConfig _config;
    private readonly Seed _seed;
    private readonly Lexicon _lexicon;
    private readonly double[] _topics;

    // by topic and part of speech: cumulative probabilities of the words
    private readonly double[,][] _words;
    private readonly Dictionary<string, (Tag Tag, int Place)> _places = [];

    public HmmText(HmmTextConfig config, Seed seed)
    {
        (_config, _seed) = (config, seed);
        _lexicon = new(config.Vocabulary, config.Period, config.Drift, seed.For("lexicon"));
        _topics = TopicWeights();
        _words = new double[config.Topics, (int)Tag.End][];
        for (var tag = Tag.Noun; tag < Tag.End; tag++)
        {
            var forms = _lexicon.Forms(tag);
            for (var place = 0; place < forms.Count; place++)
            {
                _places[forms[place]] = (tag, place);
            }

            var home = seed.For($"home/{tag}").Random();
            var homes = forms.Select(_ => home.Next(config.Topics)).ToArray();
            for (var topic = 0; topic < config.Topics; topic++)
            {
                _words[topic, (int)tag] = Cumulative(forms.Count, place => tag <= Tag.Adverb && homes[place] == topic ? config.Boost : 1);
            }
        }
    }

    /// <summary>Probability of each topic to be a document's own in this period.</summary>
    public IReadOnlyList<double> Topics => _topics;

    /// <summary>The name of a topic, as it stands in the field <c>topic</c>.</summary>
    public static string TopicName(int topic) => $"topic{topic}";

    public Document Document(long index)
    {
        var random = _seed.For($"document/{_config.Period}", index).Random();
        var own = random.Choose(_topics);
        var least = Math.Max(1, _config.Sentences / 2);
        var sentences = least + random.Next((2 * (_config.Sentences - least)) + 1);
        var text = new StringBuilder();
        for (var i = 0; i < sentences; i++)
        {
            text.Append(i == 0 ? "" : i % SentencesPerParagraph == 0 ? "\n\n" : " ");
            var topic = random.NextDouble() < _config.Focus ? own : random.Next(_config.Topics);
            AppendSentence(text, topic, random);
        }

        return new($"{_config.Period}/{index}", text.ToString())
        {
            Fields = new Dictionary<string, string> { ["topic"] = TopicName(own), ["period"] = $"{_config.Period}" },
        };
    }

    /// <summary>P(own topic | text): what no classifier can beat on average. Words that this period does not know count for nothing.</summary>
    public double[] Posterior(string text)
    {
        var logs = _topics.Select(p => Math.Log(p)).ToArray();
        foreach (var sentence in text.Split('.', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            // the grammar's probabilities are the same under every topic and cancel
            var given = new double[_config.Topics];
            foreach (var word in sentence.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                if (_places.TryGetValue(word.Trim(',').ToLowerInvariant(), out var place))
                {
                    for (var topic = 0; topic < given.Length; topic++)
                    {
                        given[topic] += Math.Log(Probability(topic, place.Tag, place.Place));
                    }
                }
            }

            var most = given.Max();
            var any = given.Average(g => Math.Exp(g - most));
            for (var topic = 0; topic < logs.Length; topic++)
            {
                logs[topic] += most + Math.Log((_config.Focus * Math.Exp(given[topic] - most)) + ((1 - _config.Focus) * any));
            }
        }

        var top = logs.Max();
        var sum = logs.Sum(l => Math.Exp(l - top));
        return [.. logs.Select(l => Math.Exp(l - top) / sum)];
    }

    internal double Probability(int topic, Tag tag, int place)
    {
        var cumulative = _words[topic, (int)tag];
        return cumulative[place] - (place == 0 ? 0 : cumulative[place - 1]);
    }

    private void AppendSentence(StringBuilder text, int topic, Rng random)
    {
        var first = text.Length;
        foreach (var tag in Grammar.Sentence(random))
        {
            text.Append(text.Length == first ? "" : tag == Tag.Conjunction ? ", " : " ");
            var at = Array.BinarySearch(_words[topic, (int)tag], random.NextDouble());
            text.Append(_lexicon.Forms(tag)[Math.Min(at < 0 ? ~at : at + 1, _lexicon.Forms(tag).Count - 1)]);
        }

        text[first] = char.ToUpperInvariant(text[first]);
        text.Append('.');
    }

    /// <summary>Topics lie on a circle; the preferred place moves with the period.</summary>
    private double[] TopicWeights()
    {
        var weights = Enumerable.Range(0, _config.Topics)
            .Select(k => Math.Exp(1.5 * Math.Cos(2 * Math.PI * (((double)k / _config.Topics) - (_config.Period * _config.TopicShift))))).ToArray();
        var sum = weights.Sum();
        return [.. weights.Select(w => w / sum)];
    }

    private static double[] Cumulative(int count, Func<int, double> factor)
    {
        var sums = new double[count];
        var sum = 0.0;
        for (var place = 0; place < count; place++)
        {
            sum += factor(place) / (place + ZipfOffset);
            sums[place] = sum;
        }

        for (var place = 0; place < count; place++)
        {
            sums[place] /= sum;
        }

        return sums;
    }
}
