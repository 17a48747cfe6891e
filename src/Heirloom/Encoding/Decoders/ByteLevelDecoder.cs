using System.Buffers;
using Heirloom.Encoding.PreTokenizers;
using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding.Decoders;

/// <summary>Reads tokens as bytes in the byte alphabet and the bytes as UTF-8; each maximal ill-formed sequence becomes U+FFFD.</summary>
[Stage("ByteLevel")]
public sealed record ByteLevelDecoder : IDecoder
{
    /// <inheritdoc cref="ByteLevelPreTokenizer.AddPrefixSpace"/>
    public bool AddPrefixSpace { get; init; } = true;

    /// <inheritdoc cref="ByteLevelPreTokenizer.TrimOffsets"/>
    public bool TrimOffsets { get; init; } = true;

    /// <inheritdoc cref="ByteLevelPreTokenizer.UseRegex"/>
    public bool UseRegex { get; init; } = true;

    public IReadOnlyList<string> DecodeParts(IReadOnlyList<string> parts) => [Decode(parts)];

    private static string Decode(IReadOnlyList<string> tokens)
    {
        var bytes = new ArrayBufferWriter<byte>(tokens.Count * 4 + 16);
        foreach (var token in tokens)
        {
            var span = bytes.GetSpan(TextEncoding.UTF8.GetMaxByteCount(token.Length));
            var length = 0;
            foreach (var character in token)
            {
                var value = ByteAlphabet.ByteOf(character);
                if (value < 0)
                {
                    // an added token is written as plain text
                    length = TextEncoding.UTF8.GetBytes(token, span);
                    break;
                }

                span[length++] = (byte)value;
            }

            bytes.Advance(length);
        }

        return TextEncoding.UTF8.GetString(bytes.WrittenSpan);
    }
}
