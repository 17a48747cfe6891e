using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding.PreTokenizers;

/// <summary>Splits by the GPT-2 pattern and makes the model see bytes (Radford et al. 2019).</summary>
[Stage("ByteLevel")]
public sealed record ByteLevelPreTokenizer : IPreTokenizer
{
    /// <summary>Puts a space before a text that begins with none, so that its first word is like any other.</summary>
    public bool AddPrefixSpace { get; init; } = true;

    /// <summary>Whether offsets leave out the white space of a token; without effect on ids.</summary>
    public bool TrimOffsets { get; init; } = true;

    /// <summary>Whether to split by the pattern, or to leave that to an earlier stage.</summary>
    public bool UseRegex { get; init; } = true;

    public bool YieldsBytes() => true;

    public void Split(ReadOnlySpan<char> text, IPieceSink pieces, bool first = true)
    {
        if (text.IsEmpty)
        {
            return;
        }

        if (AddPrefixSpace && text[0] != ' ')
        {
            SplitPattern(string.Concat(" ", text), pieces, first);
        }
        else
        {
            SplitPattern(text, pieces, first);
        }
    }

    public IEnumerable<AlignedText> Split(AlignedText text)
    {
        if (AddPrefixSpace && !text.Text.StartsWith(' '))
        {
            text.Prepend(" ");
        }

        for (var at = 0; at < text.Text.Length;)
        {
            var end = UseRegex ? at + ByteLevelScanner.Next(text.Text.AsSpan(at)) : text.Text.Length;
            yield return text.Slice(at, end);
            at = end;
        }
    }

    private void SplitPattern(ReadOnlySpan<char> text, IPieceSink pieces, bool first)
    {
        if (!UseRegex)
        {
            pieces.Add(text, first);
            return;
        }

        while (!text.IsEmpty)
        {
            var length = ByteLevelScanner.Next(text);
            pieces.Add(text[..length], first);
            text = text[length..];
            first = false;
        }
    }
}
