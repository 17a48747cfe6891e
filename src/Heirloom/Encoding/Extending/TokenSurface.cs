using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding.Extending;

/// <summary>What a token stands for, whatever its vocabulary's spelling: <c>Ġthe</c>, <c>▁the</c> and <c>the</c> of WordPiece are all <c>" the"</c>.</summary>
internal static class TokenSurface
{
    /// <summary>The text, with a space in front where the token begins a word; null for one that stands for no text of its own (a part of a character).</summary>
    public static string? Of(Tokenizer tokenizer, int id)
    {
        var token = tokenizer.TokenOf(id);
        if (token is null || tokenizer.IsSpecial(id))
        {
            return null;
        }

        if (tokenizer.Definition.Model is WordPieceModel { ContinuingSubwordPrefix: var prefix })
        {
            return token.StartsWith(prefix, StringComparison.Ordinal) ? token[prefix.Length..] : " " + token;
        }

        if (tokenizer.Definition.Model is BpeModel { ByteFallback: true } or UnigramModel { ByteFallback: true } && ByteTokens.ByteOf(token) is not null)
        {
            return null;
        }

        if (tokenizer.Definition.PreTokenizer?.YieldsBytes() != true)
        {
            return token.Replace('▁', ' ');
        }

        var bytes = new byte[token.Length];
        for (var i = 0; i < token.Length; i++)
        {
            if (ByteAlphabet.ByteOf(token[i]) is not (>= 0 and var value))
            {
                return token; // an added token stands as it is
            }

            bytes[i] = (byte)value;
        }

        var text = TextEncoding.UTF8.GetString(bytes);
        return text.Contains('\uFFFD', StringComparison.Ordinal) ? null : text;
    }
}
