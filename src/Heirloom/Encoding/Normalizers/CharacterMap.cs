using System.Buffers.Binary;

namespace Heirloom.Encoding.Normalizers;

/// <summary>The character rules of a SentencePiece model: a double-array trie (Aoe 1989, in the layout of Darts-clone) over UTF-8 and what it points to.</summary>
internal sealed class CharacterMap
{
    private readonly uint[] _units;
    private readonly byte[] _replacements;
    private readonly string?[] _ascii;

    private CharacterMap(uint[] units, byte[] replacements)
    {
        _units = units;
        _replacements = replacements;
        _ascii = [.. Enumerable.Range(0, 0x80).Select(c => Search([(byte)c]))];
        ChangesAscii = _ascii.Any(r => r is not null) || Search("\r\n"u8) is not null;
    }

    /// <summary>Whether a text of ASCII may change.</summary>
    public bool ChangesAscii { get; }

    /// <exception cref="UserError">It is not such a map.</exception>
    public static CharacterMap Parse(ReadOnlySpan<byte> content)
    {
        if (content.Length < 4 || BinaryPrimitives.ReadUInt32LittleEndian(content) is var size && (size > content.Length - 4 || size < 4))
        {
            throw new UserError("the character map is cut off", "precompiled_charsmap");
        }

        var units = new uint[size / 4];
        for (var i = 0; i < units.Length; i++)
        {
            units[i] = BinaryPrimitives.ReadUInt32LittleEndian(content[(4 + 4 * i)..]);
        }

        return new(units, content[(4 + 4 * units.Length)..].ToArray());
    }

    /// <summary>What the shortest beginning of a text that has a rule becomes; null where none has.</summary>
    public string? Find(ReadOnlySpan<char> text)
    {
        if (text.Length == 1 && text[0] < 0x80)
        {
            return _ascii[text[0]];
        }

        Span<byte> bytes = stackalloc byte[32];
        return Search(bytes[..TextEncoding.UTF8.GetBytes(text, bytes)]);
    }

    private string? Search(ReadOnlySpan<byte> key)
    {
        var at = Offset(_units[0]);
        foreach (var label in key)
        {
            at ^= label;
            if (label == 0 || at >= _units.Length)
            {
                return null;
            }

            var unit = _units[at];
            if ((unit & (1u << 31 | 0xFF)) != label)
            {
                return null;
            }

            at ^= Offset(unit);
            if ((unit >> 8 & 1) == 1)
            {
                return at < _units.Length ? Replacement(_units[at] & 0x7FFFFFFF) : null;
            }
        }

        return null;
    }

    private string? Replacement(uint start)
    {
        if (start > _replacements.Length)
        {
            return null;
        }

        var rest = _replacements.AsSpan((int)start);
        var end = rest.IndexOf((byte)0);
        return TextEncoding.UTF8.GetString(end < 0 ? rest : rest[..end]);
    }

    private static uint Offset(uint unit) => (unit >> 10) << (int)((unit & (1u << 9)) >> 6);
}
