using System.Text;
using Heirloom.Encoding.Decoders;
using Heirloom.Encoding.Normalizers;
using Heirloom.Encoding.PostProcessors;
using Heirloom.Encoding.PreTokenizers;
using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding.Learning;

/// <summary>
/// Learns a WordPiece vocabulary as the ecosystem's Rust library does: merges as of byte-pair encoding (Sennrich, Haddow and Birch 2016) over characters,
/// those within a word marked by a prefix; the merges are forgotten and the tokens kept.
/// </summary>
public static class WordPieceTrainer
{
    /// <summary>Learns from texts that are read once and need not fit in memory: only the counts of distinct words are kept.</summary>
    /// <param name="documents">Each is split into words by itself.</param>
    /// <param name="config">Sizes, normalization and special tokens.</param>
    /// <param name="work">When stopped early, what was learned so far is returned.</param>
    /// <param name="threads">Counting threads, all cores when null; without effect on the result.</param>
    /// <exception cref="UserError">There is no text, or the vocabulary has no room for the characters.</exception>
    public static Tokenizer Train(IEnumerable<string> documents, WordPieceTrainingConfig config, WorkContext work, int? threads = null)
    {
        var special = config.AllSpecialTokens();
        TokenizerTrainingConfig.RequireCharacters(special);

        var normalizer = new BertNormalizer { Lowercase = config.Lowercase, StripAccents = config.StripAccents };
        var splitter = new BertPreTokenizer();
        var words = new WordCounter(
            (text, pieces) => splitter.Split(((INormalizer)normalizer).Normalize(text.ToString()), pieces),
            (text, at) => text[at] == ' ' && char.IsAsciiLetterOrDigit(text[at - 1]),
            config.MaxWords,
            work,
            threads).Count(documents);
        TokenizerTrainingConfig.RequireText(words);

        var (alphabet, inside) = Characters(words, config.MaxAlphabet);
        string[] tokens = [.. special, .. alphabet.Except(special), .. inside.Select(c => config.ContinuingPrefix + c).Except(special).Except(alphabet)];
        if (tokens.Length > config.VocabularySize)
        {
            throw new UserError(
                $"a vocabulary of {config.VocabularySize} has no room for {special.Count} special tokens and {tokens.Length - special.Count} characters", "vocabulary_size", $"at least {tokens.Length}, or a smaller max_alphabet");
        }

        var learner = Learner(tokens, words, config.ContinuingPrefix);
        words.Clear();
        learner.Learn(config.VocabularySize, config.MinFrequency, work);
        if (learner.Tokens.Count < config.VocabularySize && !work.Stop.IsCancellationRequested)
        {
            work.Progress.Note($"the text has no more pairs that occur {config.MinFrequency} times: the vocabulary has {learner.Tokens.Count} tokens, not {config.VocabularySize}");
        }

        return Assemble(learner.Tokens, special, normalizer, splitter, config);
    }

    /// <summary>The most frequent characters, and those of them that stand within words, in the order of their code points.</summary>
    private static (IReadOnlyList<string> Alphabet, IReadOnlyList<string> Inside) Characters(Dictionary<string, long> words, int most)
    {
        var counts = new Dictionary<Rune, long>();
        foreach (var (word, count) in words)
        {
            foreach (var rune in word.EnumerateRunes())
            {
                counts[rune] = counts.GetValueOrDefault(rune) + count;
            }
        }

        var kept = counts.OrderByDescending(c => c.Value).ThenBy(c => c.Key.Value).Take(most).Select(c => c.Key).ToHashSet();
        // a first character that is not kept leaves the next one to begin the word, but that one keeps its mark
        var inside = words.Keys.SelectMany(word => word.EnumerateRunes().Skip(1)).Where(kept.Contains).ToHashSet();
        return ([.. kept.OrderBy(r => r.Value).Select(r => r.ToString())], [.. inside.OrderBy(r => r.Value).Select(r => r.ToString())]);
    }

    private static MergeLearner Learner(string[] tokens, Dictionary<string, long> words, string prefix)
    {
        var ids = tokens.Index().ToDictionary(t => t.Item, t => t.Index);
        return new(tokens, words, Symbols, (left, right) => left + (right.StartsWith(prefix, StringComparison.Ordinal) ? right[prefix.Length..] : right));

        IEnumerable<int> Symbols(string word)
        {
            var first = true;
            foreach (var rune in word.EnumerateRunes())
            {
                if (ids.ContainsKey(rune.ToString()) && ids.TryGetValue(first ? rune.ToString() : prefix + rune, out var id))
                {
                    yield return id;
                }

                first = false;
            }
        }
    }

    private static Tokenizer Assemble(IReadOnlyList<string> tokens, IReadOnlyList<string> special, BertNormalizer normalizer, BertPreTokenizer splitter, WordPieceTrainingConfig config)
    {
        var vocabulary = tokens.Index().ToDictionary(t => t.Item, t => t.Index);
        var (classifier, separator) = (config.Classifier, config.Separator);
        return new(
            new()
            {
                AddedTokens = [.. special.Select(t => new AddedToken { Id = vocabulary[t], Content = t, Special = true })],
                Normalizer = normalizer,
                PreTokenizer = splitter,
                Model = new WordPieceModel { Vocab = vocabulary, UnkToken = config.Unknown, ContinuingSubwordPrefix = config.ContinuingPrefix },
                PostProcessor = TemplateProcessing.Pairs((classifier, vocabulary[classifier]), (separator, vocabulary[separator])),
                Decoder = new WordPieceDecoder { Prefix = config.ContinuingPrefix },
            },
            new() { Unknown = config.Unknown, Separator = separator, Padding = config.Padding, Classifier = classifier, Mask = config.Mask });
    }
}
