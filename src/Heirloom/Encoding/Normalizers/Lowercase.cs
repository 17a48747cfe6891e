using System.Text;
using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding.Normalizers;

/// <summary>Lower case, character by character.</summary>
[Stage("Lowercase")]
public sealed record Lowercase : INormalizer
{
    /// <summary>The one character whose lower case is two.</summary>
    private const int CapitalDottedI = 0x130, Dot = 0x307;

    public void Normalize(AlignedText text) => Lower(text);

    internal static void Lower(AlignedText text)
    {
        var edit = text.Rewrite();
        foreach (var rune in text.Text.EnumerateRunes())
        {
            if (rune.Value == CapitalDottedI)
            {
                edit.Add(new('i'), 0);
                edit.Add(new(Dot), 1);
            }
            else
            {
                edit.Add(Of(rune), 0);
            }
        }

        edit.Apply();
    }

    /// <summary>One character's lower case, with the pairs that Unicode 17 added to what the framework knows.</summary>
    internal static Rune Of(Rune rune) => rune.Value switch
    {
        0xA7CE or 0xA7D2 or 0xA7D4 => new(rune.Value + 1),
        >= 0x16EA0 and <= 0x16EB8 => new(rune.Value + 0x1B),
        _ => Rune.ToLowerInvariant(rune),
    };
}
