using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding.Extending;

/// <summary>How tokens are chosen from a domain's text.</summary>
public sealed record TokenizerExtensionConfig
{
    /// <summary>Tokens to add at most.</summary>
    [Range(1, 1 << 22)]
    public int Count { get; init; } = 1000;

    /// <summary>How often a token must be used in the text.</summary>
    [Range(1L, long.MaxValue)]
    public long MinFrequency { get; init; } = 8;

    /// <summary>Distinct words to keep in memory; beyond it the rarest are forgotten. All when null.</summary>
    [Range(1000, int.MaxValue)]
    public int? MaxWords { get; init; }
}

/// <summary>Gives a tokenizer more tokens: those of a list, or those that save most in a domain's text.</summary>
public static class TokenizerExtension
{
    /// <summary>Adds tokens that are matched as they stand, before the model sees the text.</summary>
    /// <param name="tokenizer">Stays as it is.</param>
    /// <param name="tokens">Those that it has already are left out.</param>
    /// <param name="special">Whether they carry structure and not text.</param>
    /// <exception cref="UserError">An empty token.</exception>
    public static ExtendedTokenizer Add(Tokenizer tokenizer, IEnumerable<string> tokens, bool special = false)
    {
        var added = new List<NewToken>();
        var encoder = tokenizer.Unlimited();
        foreach (var token in tokens.Distinct())
        {
            if (token.Length == 0)
            {
                throw new UserError("a token is empty", $"token {added.Count + 1}", "give it characters, or leave its line out");
            }

            if (tokenizer.IdOf(token) is null)
            {
                added.Add(new(tokenizer.VocabularySize + added.Count, token, [.. encoder.Encode(token)]));
            }
        }

        var definition = tokenizer.Definition with
        {
            AddedTokens = [.. tokenizer.Definition.AddedTokens, .. added.Select(t => new AddedToken { Id = t.Id, Content = t.Token, Special = special, Normalized = !special })],
        };
        return new(new(definition, tokenizer.Roles), [.. added]);
    }

    /// <summary>
    /// Learns tokens from a domain's text: for byte-pair encoding further merges, behind those that there are, so that other text is cut as before until
    /// one of them applies; for other models the words that are cut into most pieces most often.
    /// </summary>
    /// <param name="tokenizer">Stays as it is.</param>
    /// <param name="documents">Read once; need not fit in memory.</param>
    /// <param name="config">How many.</param>
    /// <param name="work">When stopped early, what was learned so far is returned.</param>
    /// <exception cref="UserError">There is no text, or the tokenizer's model takes no words.</exception>
    public static ExtendedTokenizer Learn(Tokenizer tokenizer, IEnumerable<string> documents, TokenizerExtensionConfig config, WorkContext work)
    {
        var words = Words(tokenizer, documents, config, work);
        if (words.Count == 0)
        {
            throw new UserError("there is no text to learn tokens from", "documents", "check the source and its filters");
        }

        return tokenizer.Definition.Model switch
        {
            BpeModel model => Merges(tokenizer, model, words, config, work),
            WordPieceModel model => Words(tokenizer, words, config, added => model with { Vocab = model.Vocab.Concat(added.Select(t => KeyValuePair.Create(t.Token, t.Id))).ToDictionary() }),
            UnigramModel model => Words(tokenizer, words, config, added => model with { Vocab = [.. model.Vocab, .. added.Select(t => new UnigramPiece(t.Token, Scored(model, t)))] }),
            var other => throw new UserError($"a {other.GetType().Name} does not learn further tokens", "model", "add them by a list"),
        };
    }

    /// <summary>Pieces as the tokenizer's model gets them.</summary>
    private static Dictionary<string, long> Words(Tokenizer tokenizer, IEnumerable<string> documents, TokenizerExtensionConfig config, WorkContext work)
    {
        var (normalizer, splitter) = (tokenizer.Definition.Normalizer, tokenizer.Definition.PreTokenizer);
        var counter = new WordCounter(
            (text, pieces) =>
            {
                var normal = normalizer is null ? text : normalizer.Normalize(text.ToString());
                if (splitter is null)
                {
                    pieces.Add(normal);
                }
                else
                {
                    splitter.Split(normal, pieces);
                }
            },
            isSafeCut: null,
            config.MaxWords,
            work,
            threads: null);
        return counter.Count(documents);
    }

    private static ExtendedTokenizer Merges(Tokenizer tokenizer, BpeModel model, Dictionary<string, long> words, TokenizerExtensionConfig config, WorkContext work)
    {
        if (model.ContinuingSubwordPrefix is { Length: > 0 } || model.EndOfWordSuffix is { Length: > 0 })
        {
            throw new UserError("merges with a prefix or a suffix are not extended", "model", "add tokens by a list");
        }

        var bytes = tokenizer.Definition.PreTokenizer?.YieldsBytes() == true;
        var encoder = model.Compile(bytes);
        var size = tokenizer.VocabularySize;
        var learner = new MergeLearner(
            // a special token is never a part of a merge; its place is taken by something that no word holds
            Enumerable.Range(0, size).Select(id => model.Vocab.TryGetValue(tokenizer.TokenOf(id) ?? "", out var own) && own == id ? tokenizer.TokenOf(id)! : $"\0{id}"),
            words,
            word => EncodePiece(encoder, word));
        learner.Learn(size + config.Count, config.MinFrequency, work);

        var pieces = Enumerable.Range(0, size).ToDictionary(id => id, id => ImmutableArray.Create(id));
        var ids = learner.Tokens.Index().ToDictionary(t => t.Item, t => t.Index);
        foreach (var merge in learner.Merges)
        {
            pieces.TryAdd(ids[merge.Left + merge.Right], [.. pieces[ids[merge.Left]], .. pieces[ids[merge.Right]]]);
        }

        var added = learner.Tokens.Index().Skip(size).Select(t => new NewToken(t.Index, t.Item, pieces[t.Index])).ToImmutableArray();
        var extended = model with
        {
            Vocab = model.Vocab.Concat(added.Select(t => KeyValuePair.Create(t.Token, t.Id))).ToDictionary(),
            Merges = [.. model.Merges, .. learner.Merges],
        };
        return new(new(tokenizer.Definition with { Model = extended }, tokenizer.Roles), added);
    }

    private static ExtendedTokenizer Words(Tokenizer tokenizer, Dictionary<string, long> words, TokenizerExtensionConfig config, Func<ImmutableArray<NewToken>, ITokenModel> extend)
    {
        var model = tokenizer.Definition.Model;
        var encoder = model.Compile(bytes: false);
        var chosen = words
            .Where(w => w.Value >= config.MinFrequency && !model.Vocab.ContainsKey(w.Key))
            .Select(w => (w.Key, w.Value, Pieces: EncodePiece(encoder, w.Key)))
            .Where(w => w.Pieces.Count > 1)
            .OrderByDescending(w => w.Value * (w.Pieces.Count - 1)).ThenBy(w => w.Key, StringComparer.Ordinal) // tokens saved
            .Take(config.Count);
        var added = chosen.Select((w, i) => new NewToken(tokenizer.VocabularySize + i, w.Key, [.. w.Pieces])).ToImmutableArray();
        if (tokenizer.VocabularySize != (model.TokensById?.Count ?? model.Vocab.Count))
        {
            throw new UserError("added tokens stand behind the model's own vocabulary, where learned ones would have to", "added_tokens", "add tokens by a list");
        }

        return new(new(tokenizer.Definition with { Model = extend(added) }, tokenizer.Roles), added);
    }

    /// <summary>As probable as its pieces together and a little more, so that it is taken in their stead and changes no other cut.</summary>
    private static double Scored(UnigramModel model, NewToken token) => Math.Min(0, token.Pieces.Sum(id => model.Vocab[id].Score) + 0.1);

    private static List<int> EncodePiece(IPieceEncoder encoder, string piece)
    {
        var ids = new List<int>();
        encoder.Encode(piece, new TokenSink(ids));
        return ids;
    }
}
