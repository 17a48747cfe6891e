using Heirloom.Worlds.Text;

namespace Heirloom.Tests.Worlds;

public class GincTests
{
    private static readonly GincConfig s_tiny = new() { Concepts = 2, Entities = 2, Properties = 3, Vocabulary = 5, DocumentLength = 6, TransitionTemperature = 1, EntityStay = 0.5 };

    [Fact]
    public void TransitionsAreDoublyStochastic()
    {
        var mixture = GincConcept.PermutationMixture(10, 0.1, new Rng(1));
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(1, Enumerable.Range(0, 10).Sum(j => mixture[i, j]), 12);
            Assert.Equal(1, Enumerable.Range(0, 10).Sum(j => mixture[j, i]), 12);
        }
    }

    /// <summary>Doubly stochastic transitions leave the uniform distribution over hidden states as it is.</summary>
    [Fact]
    public void TheUniformBeliefIsStationary()
    {
        var concept = new Ginc(new(), new Seed(1)).Concept(0);
        var uniform = Enumerable.Repeat(0.01, 100).ToArray();
        Assert.All(concept.Advance(uniform), p => Assert.Equal(0.01, p, 12));
        Assert.Equal(1, concept.Start.Sum(), 12);
        Assert.Equal(1, concept.Advance(concept.Start).Sum(), 12);
    }

    [Fact]
    public void DocumentsAreTheSameAgainAndHaveTheirDelimiters()
    {
        var world = new Ginc(new(), new Seed(1));
        var (tokens, concept) = world.Tokens(3);
        Assert.Equal(10_240, tokens.Length);
        Assert.Equal(tokens, new Ginc(new(), new Seed(1)).Tokens(3).Tokens);
        Assert.InRange(concept, 0, 4);
        Assert.All(tokens, t => Assert.InRange(t, 0, 49));

        // one of ten properties is the delimiter, and the stationary distribution is uniform
        var delimiters = Enumerable.Range(0, 20).Sum(i => world.Tokens(i).Tokens.Count(t => t == Ginc.Delimiter)) / (20 * 10_240.0);
        Assert.InRange(delimiters, 0.07, 0.13);
        Assert.Equal(10_240, world.Document(3).Text.Split(' ').Length);
    }

    [Fact]
    public void PromptsAreExamplesBetweenDelimiters()
    {
        var prompt = new Ginc(new(), new Seed(1)).Prompt(5, examples: 4, length: 3);
        Assert.Equal((4 * 4) + 2, prompt.Tokens.Length);
        Assert.All([3, 7, 11, 15], i => Assert.Equal(Ginc.Delimiter, prompt.Tokens[i]));
        Assert.Equal(prompt.Tokens, new Ginc(new(), new Seed(1)).Prompt(5, 4, 3).Tokens);
        Assert.Equal(7, new Ginc(new(), new Seed(1)).Prompt(5, 4, 3, concept: 7).Concept);
    }

    /// <summary>The predictor against the sum over every hidden path of every concept, and next-token probabilities against sampled documents.</summary>
    [Fact]
    public void PredictionIsExact()
    {
        var world = new Ginc(s_tiny, new Seed(2));
        for (var document = 0; document < 20; document++)
        {
            var tokens = world.Tokens(document).Tokens[..4];
            var joint = Enumerable.Range(0, 2).Select(c => Enumerable.Range(0, s_tiny.Vocabulary).Select(next => PathSum(world.Concept(c), [.. tokens, next])).ToArray()).ToArray();
            var evidence = joint.Sum(j => j.Sum());
            var (predicted, concepts) = world.Predict(tokens);
            Assert.Equal(joint.Select(j => j.Sum() / evidence), concepts, (a, b) => Math.Abs(a - b) < 1e-7);
            Assert.Equal(Enumerable.Range(0, s_tiny.Vocabulary).Select(v => joint.Sum(j => j[v]) / evidence), predicted, (a, b) => Math.Abs(a - b) < 1e-7);
        }

        static double PathSum(GincConcept concept, int[] tokens)
        {
            // every path, by brute force: one-hot beliefs show the model's transitions
            var states = concept.Start.Length;
            var sum = 0.0;
            Walk(0, -1, 1);
            return sum;

            void Walk(int depth, int last, double probability)
            {
                if (depth == tokens.Length)
                {
                    sum += probability;
                    return;
                }

                var next = last < 0 ? concept.Start : concept.Advance(OneHot(last, states));
                for (var state = 0; state < states; state++)
                {
                    if (next[state] > 0 && concept.Emission(OneHot(state, states))[tokens[depth]] > 0)
                    {
                        Walk(depth + 1, state, probability * next[state]);
                    }
                }
            }
        }
    }

    [Fact]
    public void TheConceptIsFoundFromDocumentsAndExamplesHelp()
    {
        var world = new Ginc(new(), new Seed(1));
        var found = Enumerable.Range(0, 20).Count(i => { var (tokens, concept) = world.Tokens(i); return world.Predict(tokens[..200]).Concepts[concept] > 0.9; });
        Assert.True(found >= 18, $"{found} of 20");

        // prompts jump where no document does, and yet more examples show the concept more clearly
        Assert.True(Certainty(16) > Certainty(1) + 0.1, $"{Certainty(1)} with one example, {Certainty(16)} with 16");
        Assert.InRange(Enumerable.Range(0, 100).Count(i => Right(world.Prompt(i, 8, 8))), 95, 100);

        double Certainty(int examples) => Enumerable.Range(0, 100).Average(i =>
        {
            var prompt = world.Prompt(i, examples, 3);
            return world.Predict(prompt.Tokens).Concepts[prompt.Concept];
        });

        bool Right(GincPrompt prompt)
        {
            var next = world.Predict(prompt.Tokens).Next;
            return Array.IndexOf(next, next.Max()) == prompt.Answer;
        }
    }

    private static double[] OneHot(int at, int count)
    {
        var belief = new double[count];
        belief[at] = 1;
        return belief;
    }

    [Fact]
    public void QuestionsShareTheirExamplesAndTheFirstIsThePrompt()
    {
        var world = new Ginc(new(), new Seed(1));
        var prompts = world.Prompts(5, examples: 4, length: 3, questions: 6);

        Assert.Equal(world.Prompt(5, 4, 3).Tokens, prompts[0].Tokens);
        Assert.All(prompts, p => Assert.Equal(prompts[0].Tokens[..16], p.Tokens[..16]));
        Assert.True(prompts.DistinctBy(p => string.Join(' ', p.Tokens)).Count() > 1);
    }

    [Fact]
    public void AnotherOrderMovesWholeExamplesAndLeavesTheQuestion()
    {
        var prompt = new GincPrompt([1, 2, 0, 3, 4, 0, 5, 6, 0, 7], 9, 0);

        Assert.Equal([5, 6, 0, 1, 2, 0, 3, 4, 0, 7], prompt.Reordered([2, 0, 1]).Tokens);
        Assert.Equal(9, prompt.Reordered([2, 0, 1]).Answer);
    }

    [Fact]
    public void RowsAreDocumentsOfTheMixtureOrOfOneConcept()
    {
        var world = new Ginc(s_tiny, new Seed(1));

        Assert.Equal(world.Tokens(12).Tokens, new GincDocuments(world, first: 10).Row(2));
        Assert.Equal(1, world.Tokens(3, concept: 1).Concept);
        Assert.Equal(world.Tokens(3, concept: 1).Tokens, new GincDocuments(world, concept: 1).Row(3));
        Assert.NotEqual(new GincDocuments(world).Fingerprint, new GincDocuments(world, concept: 1).Fingerprint);
        Assert.NotEqual(new GincDocuments(world).Fingerprint, new GincDocuments(world, count: 5).Fingerprint);
    }

    [Fact]
    public void UniformTokensAreUniform()
    {
        var rows = new UniformTokens(4, 1000, new Seed(1));

        Assert.Equal(rows.Row(3), new UniformTokens(4, 1000, new Seed(1)).Row(3));
        Assert.NotEqual(rows.Fingerprint, new UniformTokens(4, 1000, new Seed(1), count: 5).Fingerprint);
        Assert.All(rows.Row(3).GroupBy(t => t), g => Assert.InRange(g.Count(), 200, 300));
    }
}
