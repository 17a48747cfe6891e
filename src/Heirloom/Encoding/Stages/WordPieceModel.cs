namespace Heirloom.Encoding.Stages;

/// <summary>The longest token that begins the word, then the longest continuation, and so on; unknown as a whole where that fails (Wu et al. 2016).</summary>
[Stage("WordPiece")]
public sealed record WordPieceModel : ITokenModel
{
    public string UnkToken { get; init; } = "[UNK]";

    /// <summary>Marks tokens that continue a word.</summary>
    public string ContinuingSubwordPrefix { get; init; } = "##";

    /// <summary>Longer words, in code points, are unknown.</summary>
    public int MaxInputCharsPerWord { get; init; } = 100;

    public required IReadOnlyDictionary<string, int> Vocab { get; init; }

    public void Check(TokenizerDefinition definition)
    {
        if (!Vocab.ContainsKey(UnkToken))
        {
            throw new UserError($"the unknown token '{UnkToken}' is not in the vocabulary", "model.unk_token", "name a token of the vocabulary");
        }
    }

    public IPieceEncoder Compile(bool bytes) => new Encoder(this);

    public bool StartsWord(string token) => !token.StartsWith(ContinuingSubwordPrefix, StringComparison.Ordinal);

    private sealed class Encoder : IPieceEncoder
    {
        private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _starts, _continuations;
        private readonly int _unknown, _mostCharacters, _longest;
        private readonly WordCache _cache = new();

        public Encoder(WordPieceModel model)
        {
            var prefix = model.ContinuingSubwordPrefix;
            var continuations = model.Vocab.Where(t => t.Key.StartsWith(prefix, StringComparison.Ordinal)).ToDictionary(t => t.Key[prefix.Length..], t => t.Value);
            _starts = new Dictionary<string, int>(model.Vocab).GetAlternateLookup<ReadOnlySpan<char>>();
            _continuations = continuations.GetAlternateLookup<ReadOnlySpan<char>>();
            _unknown = model.Vocab[model.UnkToken];
            _mostCharacters = model.MaxInputCharsPerWord;
            _longest = model.Vocab.Keys.Max(t => t.Length);
        }

        public void Encode(ReadOnlySpan<char> piece, TokenSink tokens)
        {
            if (tokens.Spans is not null || piece.Length > WordCache.LongestWord)
            {
                EncodeNew(piece, tokens);
            }
            else if (!_cache.TryAppend(piece, tokens.Ids))
            {
                var before = tokens.Ids.Count;
                EncodeNew(piece, tokens);
                _cache.Add(piece, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(tokens.Ids)[before..]);
            }
        }

        private void EncodeNew(ReadOnlySpan<char> piece, TokenSink tokens)
        {
            var before = tokens.Ids.Count;
            var (at, place) = (0, 0);
            while (!TooLong(piece) && at < piece.Length)
            {
                var vocabulary = at == 0 ? _starts : _continuations;
                var end = Math.Min(piece.Length, at + _longest);
                var id = -1;
                while (end > at && !vocabulary.TryGetValue(piece[at..end], out id))
                {
                    end--;
                }

                if (end == at)
                {
                    break;
                }

                tokens.Add(id, place, place += tokens.Spans is null ? 0 : TextEncoding.UTF8.GetByteCount(piece[at..end]));
                at = end;
            }

            if (at < piece.Length)
            {
                tokens.Ids.RemoveRange(before, tokens.Ids.Count - before);
                tokens.Spans?.RemoveRange(before, tokens.Spans.Count - before);
                tokens.Add(_unknown, 0, tokens.Spans is null ? 0 : TextEncoding.UTF8.GetByteCount(piece));
            }
        }

        private bool TooLong(ReadOnlySpan<char> piece)
        {
            if (piece.Length <= _mostCharacters)
            {
                return false;
            }

            var runes = 0;
            foreach (var _ in piece.EnumerateRunes())
            {
                runes++;
            }

            return runes > _mostCharacters;
        }
    }
}
