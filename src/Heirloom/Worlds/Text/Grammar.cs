namespace Heirloom.Worlds.Text;

/// <summary>Parts of speech; the first four have generated words, the others are closed classes.</summary>
internal enum Tag
{
    Noun,
    Verb,
    Adjective,
    Adverb,
    Determiner,
    Preposition,
    Conjunction,
    Pronoun,
    End,
}

/// <summary>Which part of speech follows which: a Markov chain that reads roughly like English clauses.</summary>
internal static class Grammar
{
    public const int Open = 4;
    private const int MaxWords = 40;

    private static readonly (Tag To, double Weight)[] s_start = [(Tag.Determiner, 0.55), (Tag.Pronoun, 0.25), (Tag.Noun, 0.1), (Tag.Adverb, 0.1)];

    private static readonly (Tag To, double Weight)[][] s_next =
    [
        [(Tag.Verb, 0.45), (Tag.Preposition, 0.2), (Tag.End, 0.25), (Tag.Conjunction, 0.1)],
        [(Tag.Determiner, 0.45), (Tag.Preposition, 0.2), (Tag.Adverb, 0.15), (Tag.Noun, 0.1), (Tag.End, 0.1)],
        [(Tag.Noun, 0.9), (Tag.Adjective, 0.1)],
        [(Tag.Verb, 0.5), (Tag.Adjective, 0.2), (Tag.End, 0.3)],
        [(Tag.Noun, 0.65), (Tag.Adjective, 0.35)],
        [(Tag.Determiner, 0.7), (Tag.Noun, 0.3)],
        [(Tag.Determiner, 0.5), (Tag.Pronoun, 0.3), (Tag.Noun, 0.2)],
        [(Tag.Verb, 0.85), (Tag.Adverb, 0.15)],
    ];

    /// <summary>Words of the closed classes, most frequent first.</summary>
    public static IReadOnlyList<string> ClosedWords(Tag tag) => tag switch
    {
        Tag.Determiner => ["the", "a", "this", "its", "every", "some", "our"],
        Tag.Preposition => ["of", "in", "to", "with", "from", "on", "by", "under"],
        Tag.Conjunction => ["and", "but", "or", "while"],
        Tag.Pronoun => ["it", "they", "we", "he", "she", "you"],
        _ => throw new ArgumentOutOfRangeException(nameof(tag)),
    };

    /// <summary>The tags of a sentence; at least one, never ending in mid-phrase unless it is very long.</summary>
    public static IEnumerable<Tag> Sentence(Rng random)
    {
        var tag = Step(s_start, random);
        for (var words = 0; tag != Tag.End && words < MaxWords; words++)
        {
            yield return tag;
            tag = Step(s_next[(int)tag], random);
        }
    }

    private static Tag Step((Tag To, double Weight)[] options, Rng random)
    {
        var at = random.NextDouble();
        foreach (var (to, weight) in options)
        {
            at -= weight;
            if (at < 0)
            {
                return to;
            }
        }

        return options[^1].To;
    }
}
