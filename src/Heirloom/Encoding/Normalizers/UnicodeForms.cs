using Heirloom.Encoding.Characters;
using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding.Normalizers;

/// <summary>Canonical composition (Unicode Standard Annex 15), as Unicode 9 had it.</summary>
[Stage("NFC")]
public sealed record Nfc : INormalizer
{
    public void Normalize(AlignedText text) => UnicodeNormalization.Apply(text, compatible: false, compose: true);
}

/// <summary>Canonical decomposition (Unicode Standard Annex 15), as Unicode 9 had it.</summary>
[Stage("NFD")]
public sealed record Nfd : INormalizer
{
    public void Normalize(AlignedText text) => UnicodeNormalization.Apply(text, compatible: false, compose: false);
}

/// <summary>Compatibility decomposition and composition (Unicode Standard Annex 15), as Unicode 9 had it.</summary>
[Stage("NFKC")]
public sealed record Nfkc : INormalizer
{
    public void Normalize(AlignedText text) => UnicodeNormalization.Apply(text, compatible: true, compose: true);
}

/// <summary>Compatibility decomposition (Unicode Standard Annex 15), as Unicode 9 had it.</summary>
[Stage("NFKD")]
public sealed record Nfkd : INormalizer
{
    public void Normalize(AlignedText text) => UnicodeNormalization.Apply(text, compatible: true, compose: false);
}
