using System.Buffers;

namespace Heirloom.Encoding.Stages;

/// <summary>Finds the best cut by dynamic programming over the places where tokens end (Viterbi 1967), with the tokens in a trie.</summary>
internal sealed class UnigramEncoder : IPieceEncoder
{
    /// <summary>How much less probable than the rarest token an unknown character is.</summary>
    private const double UnknownPenalty = 10;

    private readonly CharacterTrie _trie;
    private readonly double[] _scores;
    private readonly double _unknownScore;
    private readonly int? _unknown;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _ids;
    private readonly int[]? _bytes;
    private readonly WordCache _cache = new();

    public UnigramEncoder(UnigramModel model)
    {
        var ids = new Dictionary<string, int>(((ITokenModel)model).Vocab);
        _ids = ids.GetAlternateLookup<ReadOnlySpan<char>>();
        _trie = new(ids);
        _scores = [.. model.Vocab.Select(p => p.Score)];
        _unknownScore = _scores.DefaultIfEmpty(double.PositiveInfinity).Min() - UnknownPenalty;
        _unknown = model.UnkId;
        _bytes = model.ByteFallback ? ByteTokens.Find(ids) : null;
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
        var size = piece.Length + 1;
        var best = ArrayPool<(double Score, int Start, int Id)>.Shared.Rent(size);
        Search(piece, best.AsSpan(0, size));

        // backwards along the best path, neighbouring unknown ones as one
        var cuts = ArrayPool<(int Start, int End, bool Known)>.Shared.Rent(size);
        var count = 0;
        for (var end = piece.Length; end > 0; end = best[end].Start)
        {
            var known = best[end].Id != _unknown;
            if (!known && count > 0 && !cuts[count - 1].Known)
            {
                cuts[count - 1].Start = best[end].Start;
            }
            else
            {
                cuts[count++] = (best[end].Start, end, known);
            }
        }

        var place = 0;
        while (count-- > 0)
        {
            var (start, end, _) = cuts[count];
            Emit(piece[start..end], ref place, tokens);
        }

        ArrayPool<(double, int, int)>.Shared.Return(best);
        ArrayPool<(int, int, bool)>.Shared.Return(cuts);
    }

    private void Search(ReadOnlySpan<char> piece, Span<(double Score, int Start, int Id)> best)
    {
        best.Fill((0, -1, 0));
        for (var start = 0; start < piece.Length;)
        {
            var soFar = best[start].Score;
            var width = char.IsHighSurrogate(piece[start]) && start + 1 < piece.Length ? 2 : 1;
            var single = false;
            var node = _trie.Root(piece[start]);
            for (var end = start + 1; node >= 0; end++)
            {
                if (_trie.IdAt(node) is var id and >= 0)
                {
                    Offer(ref best[end], soFar + _scores[id], start, id);
                    single |= end - start == width;
                }

                if (end == piece.Length)
                {
                    break;
                }

                node = _trie.Child(node, piece[end]);
            }

            if (!single)
            {
                Offer(ref best[start + width], soFar + _unknownScore, start,
                    _unknown ?? throw new UserError($"'{piece.Slice(start, width)}' is in no token, and the vocabulary has none for the unknown", "model.unk_id"));
            }

            start += width;
        }

        static void Offer(ref (double Score, int Start, int Id) place, double score, int start, int id)
        {
            if (place.Start < 0 || score > place.Score)
            {
                place = (score, start, id);
            }
        }
    }

    private void Emit(ReadOnlySpan<char> text, ref int place, TokenSink tokens)
    {
        var length = tokens.Spans is null ? 0 : TextEncoding.UTF8.GetByteCount(text);
        if (_ids.TryGetValue(text, out var id))
        {
            tokens.Add(id, place, place + length);
        }
        else if (!ByteTokens.TryEmit(_bytes, text, tokens, place, place + length))
        {
            tokens.AddNamed(_unknown!.Value, place, place + length, text);
        }

        place += length;
    }
}
