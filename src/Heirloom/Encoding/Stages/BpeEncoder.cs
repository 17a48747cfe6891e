namespace Heirloom.Encoding.Stages;

/// <summary>Encodes pieces as byte-pair encoding. Words seen before come from a cache; nothing is allocated for the others but their entry in it.</summary>
internal sealed class BpeEncoder : IPieceEncoder
{
    private readonly BpeSymbols _symbols;
    private readonly BpeMerger _merger;
    private readonly WordCache _cache = new();
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>>? _whole;
    private readonly bool _bytes;
    private readonly double _dropout;

    /// <param name="model">The vocabulary and the merges.</param>
    /// <param name="bytes">Whether pieces stand for their UTF-8 bytes, each of which is a symbol.</param>
    public BpeEncoder(BpeModel model, bool bytes)
    {
        _bytes = bytes;
        _dropout = model.Dropout ?? 0;
        _symbols = new(model);
        _merger = new(model);
        if (model.IgnoreMerges && _dropout == 0)
        {
            _whole = new Dictionary<string, int>(model.Vocab).GetAlternateLookup<ReadOnlySpan<char>>();
        }
    }

    public void Encode(ReadOnlySpan<char> piece, TokenSink tokens)
    {
        if (tokens.Spans is not null || _dropout > 0 || piece.Length > WordCache.LongestWord)
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
        if (_whole is { } whole && whole.TryGetValue(_bytes ? ByteAlphabet.Spell(piece) : piece, out var id))
        {
            tokens.Add(id, 0, tokens.Spans is null ? 0 : TextEncoding.UTF8.GetByteCount(piece));
            return;
        }

        using var word = BpeWord.Rent();
        if (_bytes)
        {
            _symbols.OfBytes(piece, word);
        }
        else
        {
            _symbols.OfCharacters(piece, word);
        }

        if (_dropout > 0)
        {
            _merger.Merge(word, _dropout, tokens.Draws ?? throw new InvalidOperationException("dropout without anything to draw from"));
        }
        else
        {
            _merger.Merge(word);
        }

        if (tokens.Spans is null)
        {
            tokens.Ids.AddRange(word.Ids);
            return;
        }

        var start = 0;
        for (var i = 0; i < word.Count; i++)
        {
            tokens.Add(word.Ids[i], start, start += word.Lengths[i]);
        }
    }
}
