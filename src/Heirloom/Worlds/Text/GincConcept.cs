namespace Heirloom.Worlds.Text;

/// <summary>
/// One concept θ: a hidden Markov model over (entity, property) in which both move independently, the entity by transitions that all concepts share,
/// the property by the concept's own. A state emits its cell of the memory.
/// </summary>
internal sealed class GincConcept
{
    private readonly double[,] _entity;
    private readonly double[,] _property;
    private readonly int[,] _memory;
    private readonly int _vocabulary;

    public GincConcept(GincConfig config, int[,] memory, double[,] entity, Rng random)
    {
        (_memory, _entity, _vocabulary) = (memory, entity, config.Vocabulary);
        var logits = Enumerable.Range(0, config.Entities * config.Properties).Select(_ => random.NextDouble() / config.StartTemperature).ToArray();
        Start = Softmax(logits);
        _property = PermutationMixture(config.Properties, config.TransitionTemperature, random);
    }

    /// <summary>Probabilities of the first state, <c>entity · properties + property</c>.</summary>
    public double[] Start { get; }

    private int Entities => _memory.GetLength(0);

    private int Properties => _memory.GetLength(1);

    /// <summary>A convex combination of n random permutation matrices, with weights softmax(u / temperature), u uniform.</summary>
    public static double[,] PermutationMixture(int size, double temperature, Rng random)
    {
        var weights = Softmax([.. Enumerable.Range(0, size).Select(_ => random.NextDouble() / temperature)]);
        var mixture = new double[size, size];
        foreach (var weight in weights)
        {
            var permutation = Enumerable.Range(0, size).ToArray();
            random.Shuffle<int>(permutation);
            for (var i = 0; i < size; i++)
            {
                mixture[i, permutation[i]] += weight;
            }
        }

        return mixture;
    }

    /// <summary>Tokens of a walk from a state on.</summary>
    public int[] Walk(int state, int length, Rng random)
    {
        var (entity, property) = Math.DivRem(state, Properties);
        var tokens = new int[length];
        for (var i = 0; i < length; i++)
        {
            if (i > 0)
            {
                entity = Step(_entity, entity, random);
                property = Step(_property, property, random);
            }

            tokens[i] = _memory[entity, property];
        }

        return tokens;
    }

    /// <summary>
    /// The forward recursion: the belief about the state after <paramref name="token"/>, and the probability that the token had. From an impossible
    /// token (a prompt may jump where no document does) the belief goes on over all states that emit it.
    /// </summary>
    public (double[] Belief, double Probability) Observe(double[] predicted, int token)
    {
        var belief = new double[predicted.Length];
        var probability = 0.0;
        var emitting = 0;
        for (var state = 0; state < belief.Length; state++)
        {
            if (Emits(state) == token)
            {
                emitting++;
                probability += belief[state] = predicted[state];
            }
        }

        for (var state = 0; state < belief.Length; state++)
        {
            belief[state] = probability > 0 ? belief[state] / probability : Emits(state) == token ? 1.0 / emitting : 0;
        }

        return (belief, probability);
    }

    /// <summary>The belief one step on.</summary>
    public double[] Advance(double[] belief)
    {
        var half = new double[belief.Length];
        var next = new double[belief.Length];
        for (var v = 0; v < Entities; v++)
        {
            for (var s = 0; s < Properties; s++)
            {
                var mass = belief[(v * Properties) + s];
                for (var to = 0; mass > 0 && to < Properties; to++)
                {
                    half[(v * Properties) + to] += mass * _property[s, to];
                }
            }
        }

        for (var v = 0; v < Entities; v++)
        {
            for (var to = 0; to < Entities; to++)
            {
                for (var s = 0; _entity[v, to] > 0 && s < Properties; s++)
                {
                    next[(to * Properties) + s] += half[(v * Properties) + s] * _entity[v, to];
                }
            }
        }

        return next;
    }

    /// <summary>Probabilities of the tokens under a belief about the state.</summary>
    public double[] Emission(double[] belief)
    {
        var tokens = new double[_vocabulary];
        for (var state = 0; state < belief.Length; state++)
        {
            tokens[Emits(state)] += belief[state];
        }

        return tokens;
    }

    private int Emits(int state) => _memory[state / Properties, state % Properties];

    private static int Step(double[,] transitions, int from, Rng random)
    {
        var at = random.NextDouble();
        var last = from;
        for (var to = 0; to < transitions.GetLength(1); to++)
        {
            if (transitions[from, to] > 0)
            {
                last = to;
                at -= transitions[from, to];
                if (at < 0)
                {
                    break;
                }
            }
        }

        return last;
    }

    private static double[] Softmax(double[] logits)
    {
        var most = logits.Max();
        var sum = logits.Sum(l => Math.Exp(l - most));
        return [.. logits.Select(l => Math.Exp(l - most) / sum)];
    }
}
