using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding.Normalizers;

/// <summary>Writes the text's UTF-8 bytes in the byte alphabet (<see cref="ByteAlphabet"/>).</summary>
[Stage("ByteLevel")]
public sealed record ByteLevelNormalizer : INormalizer
{
    public void Normalize(AlignedText text) => ByteAlphabet.Spell(text);

    public string Normalize(string text) => ByteAlphabet.Spell(text);
}
