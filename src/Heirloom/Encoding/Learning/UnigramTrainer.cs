using Heirloom.Encoding.Normalizers;
using Heirloom.Encoding.PostProcessors;
using Heirloom.Encoding.PreTokenizers;
using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding.Learning;

/// <summary>Learns a Unigram vocabulary (Kudo 2018): compatibility-normalized text, words marked by <c>▁</c>, pieces by expectation–maximization and pruning.</summary>
public static class UnigramTrainer
{
    /// <summary>Learns from texts that are read once and need not fit in memory: only the counts of distinct words are kept.</summary>
    /// <param name="documents">Each is split into words by itself.</param>
    /// <param name="config">Sizes and special tokens.</param>
    /// <param name="work">When stopped early, what was learned so far is returned.</param>
    /// <param name="threads">All cores when null; without effect on the result.</param>
    /// <exception cref="UserError">There is no text, or the vocabulary has no room for the characters.</exception>
    public static Tokenizer Train(IEnumerable<string> documents, UnigramTrainingConfig config, WorkContext work, int? threads = null)
    {
        var special = config.AllSpecialTokens();
        TokenizerTrainingConfig.RequireCharacters(special);

        INormalizer normalizer = new SequenceNormalizer
        {
            Normalizers = [new Nmt(), new Nfkc(), new Replace { Pattern = new() { Regex = " {2,}" }, Content = " " }],
        };
        IPreTokenizer splitter = new Metaspace();
        var words = new WordCounter(
            (text, pieces) => splitter.Split(normalizer.Normalize(text.ToString()), pieces),
            (text, at) => text[at] == ' ' && char.IsAsciiLetterOrDigit(text[at - 1]), // the space becomes the mark that begins a word
            config.MaxWords,
            work,
            threads).Count(documents);
        TokenizerTrainingConfig.RequireText(words);

        var learner = new UnigramLearner(words, config.MaxPieceLength, config.SeedSize, threads);
        words.Clear();
        var room = config.VocabularySize - special.Count;
        if (learner.Characters.Count > room)
        {
            throw new UserError(
                $"a vocabulary of {config.VocabularySize} has no room for {special.Count} special tokens and {learner.Characters.Count} characters", "vocabulary_size", $"at least {special.Count + learner.Characters.Count}");
        }

        var pieces = learner.Learn(room, config.ShrinkingFactor, config.Iterations, work).Where(p => !special.Contains(p.Text)).ToList();
        if (pieces.Count < room && !work.Stop.IsCancellationRequested)
        {
            work.Progress.Note($"the text has no more pieces: the vocabulary has {special.Count + pieces.Count} tokens, not {config.VocabularySize}");
        }

        return Assemble(pieces, special, normalizer, config);
    }

    private static Tokenizer Assemble(List<(string Text, double Score)> pieces, IReadOnlyList<string> special, INormalizer normalizer, UnigramTrainingConfig config)
    {
        var ids = special.Index().ToDictionary(t => t.Item, t => t.Index);
        return new(
            new()
            {
                AddedTokens = [.. special.Select(t => new AddedToken { Id = ids[t], Content = t, Special = true })],
                Normalizer = normalizer,
                PreTokenizer = new Metaspace(),
                Model = new UnigramModel
                {
                    UnkId = ids[config.Unknown],
                    Vocab = [.. special.Select(t => new UnigramPiece(t, 0)), .. pieces.Select(p => new UnigramPiece(p.Text, p.Score))],
                },
                PostProcessor = config.AddSpecialTokens ? TemplateProcessing.Around(null, (config.EndOfText, ids[config.EndOfText])) : null,
                Decoder = new Metaspace(),
            },
            new() { End = config.EndOfText, Unknown = config.Unknown, Padding = config.Padding, Mask = config.Mask });
    }
}
