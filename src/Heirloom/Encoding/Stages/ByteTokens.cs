using System.Globalization;

namespace Heirloom.Encoding.Stages;

/// <summary>The tokens of single bytes, <c>&lt;0x00&gt;</c> to <c>&lt;0xFF&gt;</c>, into which unknown characters may be spelled.</summary>
internal static class ByteTokens
{
    /// <summary>The byte of a token; null where it is another token.</summary>
    public static byte? ByteOf(string token) => token.Length == 6 && token.StartsWith("<0x", StringComparison.Ordinal) && token[5] == '>'
        && byte.TryParse(token.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value) ? value : null;

    /// <summary>The id of each byte's token, −1 where the vocabulary has none; null where it has none at all.</summary>
    public static int[]? Find(IReadOnlyDictionary<string, int> vocabulary)
    {
        var ids = Enumerable.Range(0, 256).Select(b => vocabulary.TryGetValue(string.Create(CultureInfo.InvariantCulture, $"<0x{b:X2}>"), out var id) ? id : -1).ToArray();
        return ids.Any(id => id >= 0) ? ids : null;
    }

    /// <summary>Spells a text, if there is a token for every byte of it. Each token stands for all of the text.</summary>
    public static bool TryEmit(int[]? ids, ReadOnlySpan<char> text, TokenSink tokens, int start, int end)
    {
        if (ids is null)
        {
            return false;
        }

        var bytes = new byte[TextEncoding.UTF8.GetByteCount(text)];
        TextEncoding.UTF8.GetBytes(text, bytes);
        if (bytes.Any(b => ids[b] < 0))
        {
            return false;
        }

        foreach (var value in bytes)
        {
            tokens.Add(ids[value], start, end);
        }

        return true;
    }
}
