using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding.Normalizers;

/// <summary>The cleaning of SentencePiece's <c>nmt</c> rules (Kudo and Richardson 2018): control characters fall away, marks of layout become spaces.</summary>
[Stage("Nmt")]
public sealed record Nmt : INormalizer
{
    public void Normalize(AlignedText text)
    {
        text.Keep(rune => rune.Value is not ((>= 1 and <= 8) or 0xB or (>= 0xE and <= 0x1F) or 0x7F or 0x8F or 0x9F));
        text.Map(rune => rune.Value is '\t' or '\n' or '\f' or '\r' or 0x1680 or (>= 0x200B and <= 0x200F) or 0x2028 or 0x2029 or 0x2581 or 0xFEFF or 0xFFFD
            ? new(' ')
            : rune);
    }
}
