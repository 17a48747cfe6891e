using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding.Normalizers;

/// <summary>Drops white space at the ends.</summary>
[Stage("Strip")]
public sealed record Strip : INormalizer
{
    public required bool StripLeft { get; init; }

    public required bool StripRight { get; init; }

    public void Normalize(AlignedText text)
    {
        // white space is one unit a character
        var left = StripLeft ? text.Text.Length - text.Text.AsSpan().TrimStart().Length : 0;
        var right = StripRight ? text.Text.Length - text.Text.AsSpan().TrimEnd().Length : 0;
        if (left == 0 && right == 0)
        {
            return;
        }

        var edit = text.Rewrite(left);
        foreach (var rune in (text.Text.Length == left ? "" : text.Text[left..^right]).EnumerateRunes())
        {
            edit.Add(rune, 0);
        }

        edit.Apply();
    }

    public string Normalize(string text) => (StripLeft, StripRight) switch
    {
        (true, true) => text.Trim(),
        (true, false) => text.TrimStart(),
        (false, true) => text.TrimEnd(),
        _ => text,
    };
}
