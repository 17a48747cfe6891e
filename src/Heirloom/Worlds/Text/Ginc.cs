using System.Collections.Concurrent;
using System.Text;
using Heirloom.Data;

namespace Heirloom.Worlds.Text;

/// <summary>A prompt of independent examples of one concept.</summary>
/// <param name="Tokens">n examples of k tokens, each followed by the delimiter, then the first k − 1 tokens of the one in question.</param>
/// <param name="Answer">The likeliest last token, given the concept and the property that all examples start from.</param>
/// <param name="Concept">The concept's number.</param>
public sealed record GincPrompt(int[] Tokens, int Answer, int Concept)
{
    /// <summary>The same prompt with its examples in another order; the question stays last.</summary>
    /// <param name="order">The number of the example that comes first, of the second, …: a permutation of all of them.</param>
    public GincPrompt Reordered(IReadOnlyList<int> order)
    {
        var span = (Tokens.Length + 2) / (order.Count + 1); // n examples of k + 1 and a question of k - 1 tokens
        return this with { Tokens = [.. order.SelectMany(i => Tokens[(i * span)..((i + 1) * span)]), .. Tokens[(order.Count * span)..]] };
    }
}

/// <summary>
/// The Generative In-Context learning dataset: pretraining documents from a mixture of hidden Markov models, prompts whose examples are independent of
/// each other, and the exact Bayesian predictor. See <see cref="GincConfig"/> for the source.
/// </summary>
public sealed class Ginc : ITextWorld
{
    public const int Delimiter = 0;

    // what an impossible token costs a concept, so that prompts, which jump where documents do not, rule nothing out for good
    private const double Impossible = 1e-9;
    private readonly GincConfig _config;
    private readonly Seed _seed;
    private readonly int[,] _memory;
    private readonly double[,] _entity;
    private readonly ConcurrentDictionary<int, GincConcept> _concepts = new();

    public Ginc(GincConfig config, Seed seed)
    {
        (_config, _seed) = (config, seed);
        Fingerprint = Hashes.OfText($"ginc {config} {seed.Value}");
        var random = seed.For("memory").Random();
        _memory = new int[config.Entities, config.Properties];
        for (var v = 0; v < config.Entities; v++)
        {
            for (var s = 1; s < config.Properties; s++)
            {
                _memory[v, s] = 1 + random.Next(config.Vocabulary - 1);
            }
        }

        _entity = GincConcept.PermutationMixture(config.Entities, config.TransitionTemperature, seed.For("entities").Random());
        for (var v = 0; v < config.Entities; v++)
        {
            for (var to = 0; to < config.Entities; to++)
            {
                _entity[v, to] = ((1 - config.EntityStay) * _entity[v, to]) + (v == to ? config.EntityStay : 0);
            }
        }
    }

    /// <summary>Names the world: its settings and its seed.</summary>
    public string Fingerprint { get; }

    /// <summary>The ids of a pretraining document and the concept that it came from.</summary>
    /// <param name="index">The document's number.</param>
    /// <param name="concept">The concept; drawn from the mixture where null.</param>
    public (int[] Tokens, int Concept) Tokens(long index, int? concept = null)
    {
        var random = _seed.For("document", index).Random();
        var drawn = random.Next(_config.Concepts);
        var chosen = concept ?? drawn;
        return (Concept(chosen).Walk(random.Choose(Concept(chosen).Start), _config.DocumentLength, random), chosen);
    }

    /// <summary>The same as words: <c>/</c> is the delimiter, the others are letters (a, b, … z, ba, bb, …).</summary>
    public Document Document(long index)
    {
        var (tokens, concept) = Tokens(index);
        return new($"{index}", string.Join(' ', tokens.Select(Word))) { Fields = new Dictionary<string, string> { ["concept"] = $"{concept}" } };
    }

    /// <summary>A prompt, as a pure function of its number and shape.</summary>
    /// <param name="index">The prompt's number.</param>
    /// <param name="examples">Complete examples before the question, n.</param>
    /// <param name="length">Tokens an example, k ≥ 2.</param>
    /// <param name="concept">The concept; drawn from the mixture where null, one outside it from <see cref="GincConfig.Concepts"/> on.</param>
    public GincPrompt Prompt(long index, int examples, int length, int? concept = null) => Prompts(index, examples, length, 1, concept)[0];

    /// <summary>Several questions after the same examples, of one concept; the first prompt is that of <see cref="Prompt"/>.</summary>
    /// <param name="index">The number of the set of examples.</param>
    /// <param name="examples">Complete examples before the question, n.</param>
    /// <param name="length">Tokens an example, k ≥ 2.</param>
    /// <param name="questions">Prompts.</param>
    /// <param name="concept">As for <see cref="Prompt"/>.</param>
    public IReadOnlyList<GincPrompt> Prompts(long index, int examples, int length, int questions, int? concept = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 2);
        ArgumentOutOfRangeException.ThrowIfNegative(examples);
        var random = _seed.For($"prompt/{examples}/{length}", index).Random();
        var chosen = concept ?? random.Next(_config.Concepts);
        var property = 1 + random.Next(_config.Properties - 1);
        var shown = new List<int>();
        for (var i = 0; i < examples; i++)
        {
            shown.AddRange(Example());
            shown.Add(Delimiter);
        }

        var start = new double[_config.Entities * _config.Properties];
        for (var v = 0; v < _config.Entities; v++)
        {
            start[(v * _config.Properties) + property] = 1.0 / _config.Entities;
        }

        return [.. Enumerable.Range(0, questions).Select(_ =>
        {
            var question = Example()[..^1];
            var answer = Forward(Concept(chosen), start, question).Next;
            return new GincPrompt([.. shown, .. question], Array.IndexOf(answer, answer.Max()), chosen);
        })];

        int[] Example() => Concept(chosen).Walk((random.Next(_config.Entities) * _config.Properties) + property, length, random);
    }

    /// <summary>P(next token | tokens) by the mixture that documents come from, and P(concept | tokens): what pretraining can at best learn.</summary>
    public (double[] Next, double[] Concepts) Predict(IReadOnlyList<int> tokens)
    {
        var each = Enumerable.Range(0, _config.Concepts).Select(c => Forward(Concept(c), Concept(c).Start, tokens)).ToArray();
        var most = each.Max(f => f.LogLikelihood);
        var sum = each.Sum(f => Math.Exp(f.LogLikelihood - most));
        var concepts = each.Select(f => Math.Exp(f.LogLikelihood - most) / sum).ToArray();
        var next = new double[_config.Vocabulary];
        for (var c = 0; c < each.Length; c++)
        {
            for (var token = 0; token < next.Length; token++)
            {
                next[token] += concepts[c] * each[c].Next[token];
            }
        }

        return (next, concepts);
    }

    /// <summary>The concept of a number; any number is one, those below <see cref="GincConfig.Concepts"/> are in the mixture.</summary>
    internal GincConcept Concept(int number) => _concepts.GetOrAdd(number, n => new(_config, _memory, _entity, _seed.For("concept", n).Random()));

    private static (double[] Next, double LogLikelihood) Forward(GincConcept concept, double[] start, IReadOnlyList<int> tokens)
    {
        var (predicted, log) = (start, 0.0);
        foreach (var token in tokens)
        {
            var (belief, probability) = concept.Observe(predicted, token);
            log += Math.Log(Math.Max(probability, Impossible));
            predicted = concept.Advance(belief);
        }

        return (concept.Emission(predicted), log);
    }

    private static string Word(int token)
    {
        if (token == Delimiter)
        {
            return "/";
        }

        var word = new StringBuilder();
        for (var rest = token - 1; rest > 0 || word.Length == 0; rest /= 26)
        {
            word.Insert(0, (char)('a' + (rest % 26)));
        }

        return word.ToString();
    }
}
