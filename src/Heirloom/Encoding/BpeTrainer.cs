using Heirloom.Encoding.PostProcessors;

namespace Heirloom.Encoding;

/// <summary>
/// Learns a byte-level BPE vocabulary (Sennrich, Haddow and Birch 2016; Radford et al. 2019): counts words, then merges the most frequent pair
/// of neighbours until the vocabulary is full. The merges are those of the ecosystem's Rust library on the same words.
/// </summary>
public static class BpeTrainer
{
    /// <summary>Learns from texts that are read once and need not fit in memory: only the counts of distinct words are kept.</summary>
    /// <param name="documents">Each is split into words by itself.</param>
    /// <param name="config">Sizes and special tokens.</param>
    /// <param name="work">When stopped early, the merges learned so far are returned.</param>
    /// <param name="threads">Counting threads, all cores when null; without effect on the result.</param>
    /// <exception cref="UserError">There is no text, or the vocabulary has no room for the bytes.</exception>
    public static ByteLevelBpe Train(IEnumerable<string> documents, BpeTrainingConfig config, WorkContext work, int? threads = null)
    {
        var special = config.AllSpecialTokens();
        TokenizerTrainingConfig.RequireCharacters(special);

        var least = special.Count + 256;
        if (config.VocabularySize < least)
        {
            throw new UserError($"a vocabulary of {config.VocabularySize} has no room for 256 bytes and {special.Count} special tokens", "vocabulary_size", $"at least {least}");
        }

        var words = WordCounter.OfBytes(config.AddPrefixSpace, config.MaxWords, work, threads).Count(documents);
        TokenizerTrainingConfig.RequireText(words);

        var learner = MergeLearner.OfBytes(special, words);
        words.Clear();
        learner.Learn(config.VocabularySize, config.MinFrequency, work);
        if (learner.Tokens.Count < config.VocabularySize && !work.Stop.IsCancellationRequested)
        {
            work.Progress.Note($"the text has no more pairs that occur {config.MinFrequency} times: the vocabulary has {learner.Tokens.Count} tokens, not {config.VocabularySize}");
        }

        return Assemble(learner, special, config);
    }

    private static ByteLevelBpe Assemble(MergeLearner learner, IReadOnlyList<string> special, BpeTrainingConfig config)
    {
        var vocabulary = new Dictionary<string, int>(learner.Tokens.Count);
        foreach (var token in learner.Tokens)
        {
            vocabulary.Add(token, vocabulary.Count);
        }

        var around = config.AddSpecialTokens
            ? TemplateProcessing.Around(config.BeginningOfText is { } b ? (b, vocabulary[b]) : null, (config.EndOfText, vocabulary[config.EndOfText]))
            : null;
        var roles = new SpecialTokenRoles
        {
            Beginning = config.BeginningOfText,
            End = config.EndOfText,
            Padding = config.Padding,
            Mask = config.Mask,
        };
        return ByteLevelBpe.Create(vocabulary, learner.Merges, special, around, config.AddPrefixSpace, roles);
    }
}
