using Heirloom.Encoding.Characters;
using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding.Normalizers;

/// <summary>Drops combining marks; what is composed with them stays, so that it follows a decomposition as a rule.</summary>
[Stage("StripAccents")]
public sealed record StripAccents : INormalizer
{
    public void Normalize(AlignedText text) => text.Keep(rune => !UnicodeNormalization.IsCombiningMark(rune));
}
