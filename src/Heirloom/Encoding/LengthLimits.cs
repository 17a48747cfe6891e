using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding;

/// <summary>Cuts and pads tokenized texts as a definition says.</summary>
internal static class LengthLimits
{
    /// <summary>Cuts one text or the two of a pair, before special tokens are added.</summary>
    /// <exception cref="UserError">The text that is to be cut is too short to be cut so much.</exception>
    public static IReadOnlyList<TokenizedText> Cut(IReadOnlyList<TokenizedText> texts, TruncationConfig limit, int added)
    {
        var most = limit.MaxLength - added;
        if (most < 0)
        {
            throw new UserError($"{limit.MaxLength} tokens have no room for {added} special ones", "truncation.max_length", $"at least {added}");
        }

        var left = limit.Direction == TextSide.Left;
        var surplus = texts.Sum(t => t.Count) - most;
        if (most == 0)
        {
            return [.. texts.Select(t => t.Cut(0, limit.Stride, left))];
        }

        if (surplus <= 0)
        {
            return texts;
        }

        if (limit.Strategy == TruncationStrategy.LongestFirst)
        {
            var lengths = texts.Count == 1 ? [most] : Share(texts[0].Count, texts[1].Count, most);
            return [.. texts.Select((t, i) => t.Cut(lengths[i], limit.Stride, left))];
        }

        var which = limit.Strategy == TruncationStrategy.OnlyFirst ? 0 : 1;
        if (which >= texts.Count)
        {
            throw new UserError("only the second text may be cut, and there is none", "truncation.strategy");
        }

        return texts[which].Count > surplus
            ? [.. texts.Select((t, i) => i == which ? t.Cut(t.Count - surplus, limit.Stride, left) : t)]
            : throw new UserError($"the text of {texts[which].Count} tokens cannot give up {surplus}", "truncation", "another strategy or a greater max_length");
    }

    /// <summary>Pads texts to a common length.</summary>
    public static IReadOnlyList<TokenizedText> Pad(IReadOnlyList<TokenizedText> texts, PaddingConfig padding)
    {
        var length = padding.Strategy.Fixed ?? texts.Select(t => t.Count).DefaultIfEmpty().Max();
        if (padding.PadToMultipleOf is > 0 and var multiple)
        {
            length = (length + multiple - 1) / multiple * multiple;
        }

        return [.. texts.Select(t => t.Pad(length, padding.PadId, padding.PadTypeId, padding.PadToken, padding.Direction == TextSide.Left))];
    }

    /// <summary>The shorter text keeps all its tokens if half of the room is enough for it.</summary>
    private static int[] Share(int first, int second, int most)
    {
        var (shorter, longer) = (Math.Min(first, second), Math.Max(first, second));
        longer = shorter > most ? shorter : Math.Max(shorter, most - shorter);
        if (shorter + longer > most)
        {
            shorter = most / 2;
            longer = shorter + most % 2;
        }

        return first > second ? [longer, shorter] : [shorter, longer];
    }
}
