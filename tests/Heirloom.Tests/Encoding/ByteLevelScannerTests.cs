using System.Text;
using System.Text.RegularExpressions;
using CsCheck;
using Heirloom.Encoding.PreTokenizers;
using Heirloom.Encoding.Stages;

namespace Heirloom.Tests.Encoding;

public partial class ByteLevelScannerTests
{
    [Fact]
    public void EqualsThePattern() => Samples.Unicode.Sample(text => Assert.Equal(ByPattern(text), ByScanner(text)), iter: 20_000);

    [Fact]
    public void EqualsThePatternOnBrokenUtf16() =>
        Gen.OneOf<char>(Gen.Char, Gen.Char['\uD800', '\uDFFF'], Gen.Char[' ', '~']).Array[0, 12].Select(c => new string(c))
            .Sample(text => Assert.Equal(ByPattern(text), ByScanner(text)), iter: 20_000);

    [Fact]
    public void CutsWhereItSaysSafe() => Gen.Select(Samples.Unicode, Gen.Int[1, 60]).Sample((text, at) =>
    {
        if (at < text.Length && ByteLevelScanner.IsSafeCut(text, at))
        {
            Assert.Equal(ByScanner(text), [.. ByScanner(text[..at]), .. ByScanner(text[at..])]);
        }
    });

    [Fact]
    public void ByteAlphabetIsABijection()
    {
        Assert.Equal(256, Enumerable.Range(0, 256).Select(b => ByteAlphabet.CharacterOf((byte)b)).Distinct().Count());
        Assert.All(Enumerable.Range(0, 256), b => Assert.Equal(b, ByteAlphabet.ByteOf(ByteAlphabet.CharacterOf((byte)b))));
        Assert.Equal(('Ġ', 'Ċ', 'a'), (ByteAlphabet.CharacterOf(32), ByteAlphabet.CharacterOf(10), ByteAlphabet.CharacterOf(97)));
    }

    [GeneratedRegex(@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")]
    private static partial Regex Pattern();

    private static List<string> ByScanner(string text)
    {
        var pieces = new List<string>();
        for (var at = 0; at < text.Length; at += pieces[^1].Length)
        {
            pieces.Add(text.Substring(at, ByteLevelScanner.Next(text.AsSpan(at))));
        }

        return pieces;
    }

    /// <summary>The framework's expressions see UTF-16 units: each character outside the basic plane stands in as one of its class inside it.</summary>
    private static List<string> ByPattern(string text)
    {
        var units = new List<string>();
        for (var at = 0; at < text.Length; at += units[^1].Length)
        {
            units.Add(text.Substring(at, char.IsSurrogatePair(text, at == text.Length - 1 ? at - (at > 0 ? 1 : 0) : at) && char.IsHighSurrogate(text[at]) ? 2 : 1));
        }

        var standIns = string.Concat(units.Select(u => u.Length == 1 ? u[0]
            : Rune.IsLetter(Rune.GetRuneAt(u, 0)) ? 'λ'
            : Rune.IsNumber(Rune.GetRuneAt(u, 0)) ? '²' : '☺'));
        return [.. Pattern().EnumerateMatches(standIns).ToList().Select(m => string.Concat(units.GetRange(m.Index, m.Length)))];
    }
}

file static class Matches
{
    public static List<(int Index, int Length)> ToList(this Regex.ValueMatchEnumerator matches)
    {
        var list = new List<(int, int)>();
        foreach (var match in matches)
        {
            list.Add((match.Index, match.Length));
        }

        return list;
    }
}
