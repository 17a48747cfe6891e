using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding.PostProcessors;

/// <summary><c>&lt;s&gt; A &lt;/s&gt;</c> and <c>&lt;s&gt; A &lt;/s&gt;&lt;/s&gt; B &lt;/s&gt;</c>, all of type 0 (Liu et al. 2019).</summary>
[Stage("RobertaProcessing")]
public sealed record RobertaProcessing : IPostProcessor
{
    public required TokenAndId Sep { get; init; }

    public required TokenAndId Cls { get; init; }

    /// <summary>Whether offsets leave out the white space of a token.</summary>
    public required bool TrimOffsets { get; init; }

    /// <summary>Whether the pre-tokenizer put a space before the text, which no offset may count.</summary>
    public required bool AddPrefixSpace { get; init; }

    public int Added(bool pair) => pair ? 4 : 2;

    public void Process(List<int> ids, bool special)
    {
        if (special)
        {
            ids.Insert(0, Cls.Id);
            ids.Add(Sep.Id);
        }
    }

    public IReadOnlyList<TokenizedText> Process(IReadOnlyList<TokenizedText> texts, bool special)
    {
        if (TrimOffsets)
        {
            texts = [.. texts.Select(t => Framing.Trim(t, AddPrefixSpace))];
        }

        texts = [.. texts.Select((text, i) => text.As(type: 0, sequence: i))];
        return !special ? texts : [.. texts.Select((text, i) => Framing.Around(text, i == 0 ? Cls : Sep, Sep, type: 0))];
    }
}
