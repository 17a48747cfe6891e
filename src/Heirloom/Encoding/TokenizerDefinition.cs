using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding;

/// <summary>All that decides how text becomes ids: the content of <c>tokenizer.json</c>, key for key.</summary>
public sealed record TokenizerDefinition
{
    private const int MostHoles = 1 << 20, HolesPerToken = 16, MostPadding = 1 << 24;

    public string Version { get; init; } = "1.0";

    /// <summary>How long a text may be; of any length when null.</summary>
    public TruncationConfig? Truncation { get; init; }

    /// <summary>How short a text may be; nothing is padded when null.</summary>
    public PaddingConfig? Padding { get; init; }

    /// <summary>Tokens that are cut out of the text before the model sees it, special ones among them.</summary>
    public IReadOnlyList<AddedToken> AddedTokens { get; init; } = [];

    public INormalizer? Normalizer { get; init; }

    public IPreTokenizer? PreTokenizer { get; init; }

    public IPostProcessor? PostProcessor { get; init; }

    public IDecoder? Decoder { get; init; }

    public required ITokenModel Model { get; init; }

    /// <summary>Ids run from 0 to one less.</summary>
    internal int VocabularySize() => 1 + Math.Max(Model.TokensById?.Count - 1 ?? Model.Vocab.Values.Append(-1).Max(), AddedTokens.Select(t => t.Id).Append(-1).Max());

    /// <summary>Refuses what no tokenizer can work with.</summary>
    /// <exception cref="UserError">An id twice or left out, a token that is empty, a stage that is ill-set.</exception>
    internal void Check()
    {
        CheckIds();
        CheckLimits();
        foreach (var stage in (ReadOnlySpan<IStage?>)[Normalizer, PreTokenizer, Model, PostProcessor, Decoder])
        {
            stage?.Check(this);
        }
    }

    private void CheckLimits()
    {
        if (Truncation is { } cut && (cut.MaxLength < 0 || cut.Stride < 0 || (cut.Stride > 0 && cut.Stride >= cut.MaxLength)))
        {
            throw new UserError($"max_length {cut.MaxLength} and stride {cut.Stride} do not go together", "truncation", "a stride below the length, neither negative");
        }

        if (Padding is { } pad && (pad.PadToMultipleOf < 0 || pad.Strategy.Fixed is > MostPadding || pad.PadToMultipleOf is > MostPadding || pad.PadId < 0))
        {
            throw new UserError("a length or an id is out of range", "padding", $"lengths of 0 to {MostPadding}");
        }
    }

    private void CheckIds()
    {
        var tokens = new Dictionary<int, string>(Model.Vocab.Count);
        foreach (var (token, id) in Model.Vocab)
        {
            Claim(token, id, "model.vocab");
        }

        var ids = new Dictionary<string, int>(Model.Vocab);
        for (var i = 0; i < AddedTokens.Count; i++)
        {
            var where = $"added_tokens[{i}]";
            if (AddedTokens[i] is not { Content.Length: > 0 } added)
            {
                throw new UserError("the token is empty", where, "give it content");
            }

            if (!ids.TryAdd(added.Content, added.Id) && ids[added.Content] != added.Id)
            {
                throw new UserError($"'{added.Content}' has id {added.Id} here and {ids[added.Content]} elsewhere", where, "give it one id");
            }

            Claim(added.Content, added.Id, where);
        }

        if (tokens.Count == 0)
        {
            throw new UserError("the vocabulary is empty", "model.vocab");
        }

        // holes are no mistake, but a table of all ids must be worth having
        var size = VocabularySize();
        if (size > MostHoles && size / HolesPerToken > tokens.Count)
        {
            throw new UserError($"'{tokens[size - 1]}' has id {size - 1}, but there are only {tokens.Count} tokens", "model.vocab", "number the tokens without great holes");
        }

        void Claim(string token, int id, string where)
        {
            if (id < 0)
            {
                throw new UserError($"'{token}' has the negative id {id}", where);
            }

            if (!tokens.TryAdd(id, token) && tokens[id] != token)
            {
                throw new UserError($"'{tokens[id]}' and '{token}' both have id {id}", where, "give each token an id of its own");
            }
        }
    }
}

/// <summary>A token that is matched as it stands, whatever the model would make of it.</summary>
public sealed record AddedToken
{
    public required int Id { get; init; }

    public required string Content { get; init; }

    /// <summary>Matches only where no word character touches it.</summary>
    public bool SingleWord { get; init; }

    /// <summary>Takes the white space on its left with it.</summary>
    public bool Lstrip { get; init; }

    /// <summary>Takes the white space on its right with it.</summary>
    public bool Rstrip { get; init; }

    /// <summary>Is looked for in the normalized text and not in the text as it came.</summary>
    public bool Normalized { get; init; }

    /// <summary>Carries structure and not text: left out when decoding.</summary>
    public bool Special { get; init; }
}
