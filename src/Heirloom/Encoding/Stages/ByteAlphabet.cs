using System.Collections.Immutable;

namespace Heirloom.Encoding.Stages;

/// <summary>
/// The 256 printable characters by which byte-level vocabularies write bytes (Radford et al. 2019): a printable Latin-1 byte is itself,
/// the others take U+0100 onwards in order, so that a space is <c>Ġ</c> and a line feed <c>Ċ</c>.
/// </summary>
public static class ByteAlphabet
{
    private const int Highest = 0x143;

    private static readonly ImmutableArray<char> Characters = [.. MakeCharacters()];
    private static readonly short[] Bytes = MakeBytes();

    /// <summary>The character of a byte.</summary>
    public static char CharacterOf(byte value) => Characters[value];

    /// <summary>The byte of a character, or −1 where it stands for none.</summary>
    public static int ByteOf(char character) => character <= Highest ? Bytes[character] : -1;

    /// <summary>Bytes written in the alphabet.</summary>
    public static string Write(ReadOnlySpan<byte> bytes)
    {
        var text = new char[bytes.Length];
        for (var i = 0; i < bytes.Length; i++)
        {
            text[i] = Characters[bytes[i]];
        }

        return new(text);
    }

    /// <summary>The UTF-8 bytes of a text, written in the alphabet.</summary>
    public static string Spell(ReadOnlySpan<char> text)
    {
        var bytes = new byte[TextEncoding.UTF8.GetByteCount(text)];
        TextEncoding.UTF8.GetBytes(text, bytes);
        return Write(bytes);
    }

    /// <summary>Rewrites a text as its UTF-8 bytes, each of which stands for what its character stood for.</summary>
    public static AlignedText Spell(AlignedText text)
    {
        Span<byte> bytes = stackalloc byte[4];
        var edit = text.Rewrite();
        foreach (var rune in text.Text.EnumerateRunes())
        {
            var count = rune.EncodeToUtf8(bytes);
            for (var i = 0; i < count; i++)
            {
                edit.Add(new(CharacterOf(bytes[i])), i == 0 ? 0 : 1);
            }
        }

        edit.Apply();
        return text;
    }

    /// <summary>The bytes in the order of their characters, which is the order of ids in a trained vocabulary.</summary>
    internal static IEnumerable<byte> InOrder() => Enumerable.Range(0, 256).Select(b => (byte)b).OrderBy(b => Characters[b]);

    private static IEnumerable<char> MakeCharacters()
    {
        var next = 256;
        for (var b = 0; b < 256; b++)
        {
            yield return b is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or >= 0xAE ? (char)b : (char)next++;
        }
    }

    private static short[] MakeBytes()
    {
        var bytes = new short[Highest + 1];
        Array.Fill(bytes, (short)-1);
        for (short b = 0; b < 256; b++)
        {
            bytes[Characters[b]] = b;
        }

        return bytes;
    }
}
