using System.Text.Json.Serialization;
using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding.PostProcessors;

/// <summary>Puts special tokens around a text, or a pair of texts, by a template.</summary>
[Stage("TemplateProcessing")]
public sealed record TemplateProcessing : IPostProcessor
{
    /// <summary>The template of one text.</summary>
    public required IReadOnlyList<TemplatePiece> Single { get; init; }

    /// <summary>The template of two texts.</summary>
    public required IReadOnlyList<TemplatePiece> Pair { get; init; }

    public required IReadOnlyDictionary<string, TemplateToken> SpecialTokens { get; init; }

    /// <summary>A template that puts one token before and one after, either of which may be null.</summary>
    public static TemplateProcessing Around((string Token, int Id)? before, (string Token, int Id)? after)
    {
        return new()
        {
            Single = [.. Wrap("A", 0)],
            Pair = [.. Wrap("A", 0), .. Wrap("B", 1)],
            SpecialTokens = new[] { before, after }.OfType<(string Token, int Id)>().DistinctBy(t => t.Token)
                .ToDictionary(t => t.Token, t => new TemplateToken { Id = t.Token, Ids = [t.Id], Tokens = [t.Token] }),
        };

        IEnumerable<TemplatePiece> Wrap(string sequence, int type)
        {
            if (before is { } first)
            {
                yield return new() { SpecialToken = new() { Id = first.Token, TypeId = type } };
            }

            yield return new() { Sequence = new() { Id = sequence, TypeId = type } };
            if (after is { } last)
            {
                yield return new() { SpecialToken = new() { Id = last.Token, TypeId = type } };
            }
        }
    }

    /// <summary>BERT's frame: <c>[CLS] A [SEP]</c> and <c>[CLS] A [SEP] B [SEP]</c>, the second segment of type 1.</summary>
    public static TemplateProcessing Pairs((string Token, int Id) before, (string Token, int Id) after) => Around(before, after) with
    {
        Pair = [Special(before, 0), Text("A", 0), Special(after, 0), Text("B", 1), Special(after, 1)],
    };

    /// <summary>RoBERTa's frame: <c>&lt;s&gt; A &lt;/s&gt;</c> and <c>&lt;s&gt; A &lt;/s&gt; &lt;/s&gt; B &lt;/s&gt;</c>, all of type 0.</summary>
    public static TemplateProcessing DoubledPairs((string Token, int Id) before, (string Token, int Id) after) => Around(before, after) with
    {
        Pair = [Special(before, 0), Text("A", 0), Special(after, 0), Special(after, 0), Text("B", 0), Special(after, 0)],
    };

    private static TemplatePiece Special((string Token, int Id) token, int type) => new() { SpecialToken = new() { Id = token.Token, TypeId = type } };

    private static TemplatePiece Text(string sequence, int type) => new() { Sequence = new() { Id = sequence, TypeId = type } };

    public void Check(TokenizerDefinition definition)
    {
        var size = definition.VocabularySize();
        foreach (var piece in Single.Concat(Pair))
        {
            if (piece is null || (piece.SpecialToken is null) == (piece.Sequence is null))
            {
                throw new UserError("a template piece is either a SpecialToken or a Sequence", "post_processor");
            }

            if (piece.Sequence is { Id: not ("A" or "B") } sequence)
            {
                throw new UserError($"'{sequence.Id}' is no sequence", "post_processor", "valid: A, B");
            }

            if (piece.SpecialToken is { } special
                && (SpecialTokens.GetValueOrDefault(special.Id) is not { } token || token.Ids.Any(id => (uint)id >= (uint)size) || token.Ids.Count != token.Tokens.Count))
            {
                throw new UserError($"the special token '{special.Id}' is not defined, or not by ids of the vocabulary", "post_processor.special_tokens");
            }
        }
    }

    public int Added(bool pair) => (pair ? Pair : Single).Sum(p => p.SpecialToken is { } special ? SpecialTokens[special.Id].Ids.Count : 0);

    public void Process(List<int> ids, bool special)
    {
        var text = ids.ToArray();
        ids.Clear();
        foreach (var piece in Single)
        {
            if (piece.SpecialToken is not { } token)
            {
                ids.AddRange(piece.Sequence!.Id == "A" ? text : throw NoPair());
            }
            else if (special)
            {
                ids.AddRange(SpecialTokens[token.Id].Ids);
            }
        }
    }

    /// <summary>The pieces of the template, each as a text, so that a template that a sequence applies later meets them apart as the ecosystem's does.</summary>
    public IReadOnlyList<TokenizedText> Process(IReadOnlyList<TokenizedText> texts, bool special)
    {
        if (texts.Count > 2)
        {
            throw new UserError("a template follows another post-processor that has parted the text already", "post_processor", "put one template at the end");
        }

        var parts = new List<TokenizedText>();
        foreach (var piece in texts.Count == 2 ? Pair : Single)
        {
            if (piece.Sequence is { } sequence)
            {
                var index = sequence.Id == "A" ? 0 : 1;
                parts.Add(index < texts.Count ? texts[index].As(sequence.TypeId, index) : throw NoPair());
            }
            else if (special)
            {
                var token = SpecialTokens[piece.SpecialToken!.Id];
                parts.Add(TokenizedText.Added(token.Ids.Zip(token.Tokens), piece.SpecialToken.TypeId));
            }
        }

        return parts;
    }

    private static UserError NoPair() => new("the template of one text asks for the second of a pair", "post_processor.single");
}

/// <summary>One place of a template.</summary>
public sealed record TemplatePiece
{
    [JsonPropertyName("SpecialToken"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TemplateSlot? SpecialToken { get; init; }

    [JsonPropertyName("Sequence"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TemplateSlot? Sequence { get; init; }
}

/// <summary>What stands in a place, and of which segment it is.</summary>
public sealed record TemplateSlot
{
    public required string Id { get; init; }

    public int TypeId { get; init; }
}

/// <summary>The ids that a special token of a template stands for.</summary>
public sealed record TemplateToken
{
    public required string Id { get; init; }

    public required IReadOnlyList<int> Ids { get; init; }

    public required IReadOnlyList<string> Tokens { get; init; }
}
