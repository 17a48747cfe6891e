using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding.PostProcessors;

/// <summary><c>[CLS] A [SEP]</c> and <c>[CLS] A [SEP] B [SEP]</c>, the second segment of type 1 (Devlin et al. 2019).</summary>
[Stage("BertProcessing")]
public sealed record BertProcessing : IPostProcessor
{
    public required TokenAndId Sep { get; init; }

    public required TokenAndId Cls { get; init; }

    public int Added(bool pair) => pair ? 3 : 2;

    public void Process(List<int> ids, bool special)
    {
        if (special)
        {
            ids.Insert(0, Cls.Id);
            ids.Add(Sep.Id);
        }
    }

    public IReadOnlyList<TokenizedText> Process(IReadOnlyList<TokenizedText> texts, bool special) =>
        !special ? texts : [.. texts.Select((text, i) => Framing.Around(text, i == 0 ? Cls : null, Sep, i))];
}
