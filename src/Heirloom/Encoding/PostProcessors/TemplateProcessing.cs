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
                && (SpecialTokens.GetValueOrDefault(special.Id) is not { } token || token.Ids.Any(id => (uint)id >= (uint)size)))
            {
                throw new UserError($"the special token '{special.Id}' is not defined, or not by ids of the vocabulary", "post_processor.special_tokens");
            }
        }
    }

    public void Process(List<int> ids)
    {
        var text = ids.ToArray();
        ids.Clear();
        foreach (var piece in Single)
        {
            ids.AddRange(piece.SpecialToken is { } special ? SpecialTokens[special.Id].Ids : text);
        }
    }
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
