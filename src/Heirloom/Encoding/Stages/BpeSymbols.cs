using System.Buffers;
using System.Text;

namespace Heirloom.Encoding.Stages;

/// <summary>Makes the symbols from which merging starts: a piece's bytes, or its characters with what marks their place in the word.</summary>
internal sealed class BpeSymbols
{
    private readonly int[] _byteIds = new int[256];
    private readonly int[] _plain = new int[char.MaxValue + 1]; // ids of single units, where characters bear no marks
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _ids;
    private readonly string _prefix, _suffix;
    private readonly int[]? _fallback;
    private readonly int? _unknown;
    private readonly string? _unknownToken;
    private readonly bool _fuse, _marked;

    public BpeSymbols(BpeModel model)
    {
        _ids = new Dictionary<string, int>(model.Vocab).GetAlternateLookup<ReadOnlySpan<char>>();
        for (var b = 0; b < 256; b++)
        {
            _byteIds[b] = model.Vocab.TryGetValue(ByteAlphabet.CharacterOf((byte)b).ToString(), out var id) ? id : -1;
        }

        Array.Fill(_plain, -1);
        foreach (var (token, id) in model.Vocab)
        {
            if (token.Length == 1)
            {
                _plain[token[0]] = id;
            }
        }

        (_prefix, _suffix) = (model.ContinuingSubwordPrefix ?? "", model.EndOfWordSuffix ?? "");
        _marked = _prefix.Length + _suffix.Length > 0;
        _fallback = model.ByteFallback ? ByteTokens.Find(model.Vocab) : null;
        _unknownToken = model.UnkToken;
        _unknown = model.UnkToken is { } token2 && model.Vocab.TryGetValue(token2, out var unknown) ? unknown : null;
        _fuse = model.FuseUnk;
    }

    /// <summary>One symbol a byte.</summary>
    public void OfBytes(ReadOnlySpan<char> piece, BpeWord word)
    {
        var most = TextEncoding.UTF8.GetMaxByteCount(piece.Length);
        byte[]? rented = null;
        var bytes = most <= 512 ? stackalloc byte[512] : rented = ArrayPool<byte>.Shared.Rent(most);
        foreach (var value in bytes[..TextEncoding.UTF8.GetBytes(piece, bytes)])
        {
            word.Add(_byteIds[value], 1);
        }

        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    /// <summary>One symbol a character; an unknown one becomes its bytes, or the unknown token, or nothing.</summary>
    public void OfCharacters(ReadOnlySpan<char> piece, BpeWord word)
    {
        var unknownBytes = 0; // of unknown characters that wait to become one token
        for (var at = 0; at < piece.Length;)
        {
            Rune.DecodeFromUtf16(piece[at..], out var rune, out var width);
            var length = rune.Utf8SequenceLength;
            var symbol = Find(piece.Slice(at, width), at == 0, at + width == piece.Length, word, out var spelled);
            if (symbol >= 0)
            {
                Flush();
                word.Add(symbol, length);
            }
            else if (!spelled && _unknownToken is not null)
            {
                if (!_fuse)
                {
                    Flush();
                }

                unknownBytes += length;
            }

            at += width;
        }

        Flush();

        void Flush()
        {
            if (unknownBytes > 0)
            {
                word.Add(_unknown ?? throw new UserError($"the unknown token '{_unknownToken}' is not in the vocabulary", "model.unk_token"), unknownBytes);
                unknownBytes = 0;
            }
        }
    }

    private int Find(ReadOnlySpan<char> character, bool first, bool last, BpeWord word, out bool spelled)
    {
        spelled = false;
        if (!_marked && character.Length == 1 && _plain[character[0]] is var known and >= 0)
        {
            return known;
        }

        var text = !_marked ? character : string.Concat(first ? "" : _prefix, character, last ? _suffix : "");
        if (_ids.TryGetValue(text, out var id))
        {
            return id;
        }

        if (_fallback is not null)
        {
            Span<byte> bytes = stackalloc byte[TextEncoding.UTF8.GetByteCount(text)];
            TextEncoding.UTF8.GetBytes(text, bytes);
            spelled = true;
            foreach (var value in bytes)
            {
                spelled &= _fallback[value] >= 0;
            }

            foreach (var value in spelled ? bytes : [])
            {
                word.Add(_fallback[value], 1);
            }
        }

        return -1;
    }
}
