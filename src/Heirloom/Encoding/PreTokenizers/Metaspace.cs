using System.Text.Json.Serialization;
using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding.PreTokenizers;

/// <summary>
/// Writes spaces as a visible mark and begins a piece at each, in the manner of SentencePiece (Kudo and Richardson 2018); as a decoder, the way back.
/// </summary>
[Stage("Metaspace")]
public sealed record Metaspace : IPreTokenizer, IDecoder
{
    /// <summary>One code point that stands for a space.</summary>
    public string Replacement { get; init; } = "▁";

    /// <summary>Where a mark is put before a text that begins with none.</summary>
    public PrependScheme PrependScheme { get; init; } = PrependScheme.Always;

    /// <summary>Whether each mark begins a piece.</summary>
    public bool Split { get; init; } = true;

    /// <summary>What older files write in place of <see cref="PrependScheme"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? AddPrefixSpace { get; init; }

    /// <summary>What older files write beside <see cref="Replacement"/>; without effect.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? StrRep { get; init; }

    [JsonIgnore]
    bool IPreTokenizer.NeedsPlaces => PrependScheme == PrependScheme.First;

    public void Check(TokenizerDefinition definition)
    {
        PreTokenizers.Delimiters.RequireOne(Replacement, "Metaspace.replacement");
        if (AddPrefixSpace == false && PrependScheme != PrependScheme.Never)
        {
            throw new UserError("add_prefix_space is false and prepend_scheme is not never", "Metaspace", "set prepend_scheme to never");
        }
    }

    void IPreTokenizer.Split(ReadOnlySpan<char> text, IPieceSink pieces, bool first)
    {
        if (text.IsEmpty)
        {
            return;
        }

        var prepend = Prepends(text, first);
        var length = text.Length + (prepend ? Replacement.Length : 0) + text.Count(' ') * (Replacement.Length - 1);
        char[]? rented = null;
        var marked = length <= 512 ? stackalloc char[512] : rented = System.Buffers.ArrayPool<char>.Shared.Rent(length);
        marked = marked[..length];
        Mark(text, prepend, marked);
        if (Split)
        {
            for (var at = 0; at < length;)
            {
                var end = NextMark(marked, at);
                pieces.Add(marked[at..end], first && at == 0);
                at = end;
            }
        }
        else
        {
            pieces.Add(marked, first);
        }

        if (rented is not null)
        {
            System.Buffers.ArrayPool<char>.Shared.Return(rented);
        }
    }

    IEnumerable<AlignedText> IPreTokenizer.Split(AlignedText text)
    {
        text.Replace(text.Text.Index().Where(c => c.Item == ' ').Select(c => (c.Index, c.Index + 1)), Replacement);
        if (Prepends(text.Text, text.Start == 0))
        {
            text.Prepend(Replacement);
        }

        if (!Split)
        {
            yield return text;
            yield break;
        }

        for (var at = 0; at < text.Text.Length;)
        {
            var end = NextMark(text.Text, at);
            yield return text.Slice(at, end);
            at = end;
        }
    }

    IReadOnlyList<string> IDecoder.DecodeParts(IReadOnlyList<string> parts) =>
        [.. parts.Select((part, i) => part.Replace(Replacement, i == 0 && PrependScheme != PrependScheme.Never ? "" : " ", StringComparison.Ordinal))];

    private bool Prepends(ReadOnlySpan<char> text, bool first) =>
        PrependScheme != PrependScheme.Never && (PrependScheme == PrependScheme.Always || first)
        && !text.StartsWith(Replacement, StringComparison.Ordinal) && !text.StartsWith(' ');

    private void Mark(ReadOnlySpan<char> text, bool prepend, Span<char> marked)
    {
        var at = 0;
        if (prepend)
        {
            Replacement.CopyTo(marked);
            at = Replacement.Length;
        }

        foreach (var c in text)
        {
            if (c == ' ')
            {
                Replacement.CopyTo(marked[at..]);
                at += Replacement.Length;
            }
            else
            {
                marked[at++] = c;
            }
        }
    }

    /// <summary>Where the next mark after the one at hand begins.</summary>
    private int NextMark(ReadOnlySpan<char> text, int at)
    {
        var from = text[at..].StartsWith(Replacement, StringComparison.Ordinal) ? at + Replacement.Length : at;
        var found = text[from..].IndexOf(Replacement, StringComparison.Ordinal);
        return found < 0 ? text.Length : from + found;
    }
}

/// <summary>Where <see cref="Metaspace"/> puts a mark of its own.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PrependScheme>))]
public enum PrependScheme
{
    /// <summary>At the beginning of the original text.</summary>
    [JsonStringEnumMemberName("first")]
    First,

    /// <summary>Nowhere.</summary>
    [JsonStringEnumMemberName("never")]
    Never,

    /// <summary>At the beginning of every stretch between added tokens.</summary>
    [JsonStringEnumMemberName("always")]
    Always,
}
