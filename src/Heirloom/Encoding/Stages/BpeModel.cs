namespace Heirloom.Encoding.Stages;

/// <summary>Two tokens that byte-pair encoding joins; the earlier in the list, the sooner.</summary>
public readonly record struct BpeMerge(string Left, string Right);

/// <summary>Byte-pair encoding (Sennrich, Haddow and Birch 2016): joins the pair of lowest rank until no pair is in the list.</summary>
[Stage("BPE")]
public sealed record BpeModel : ITokenModel
{
    /// <summary>The probability of leaving out a merge (Provilkov, Emelianenko and Voita 2020).</summary>
    public double? Dropout { get; init; }

    /// <summary>The token of a symbol that is not in the vocabulary.</summary>
    public string? UnkToken { get; init; }

    public string? ContinuingSubwordPrefix { get; init; }

    public string? EndOfWordSuffix { get; init; }

    /// <summary>Whether neighbouring unknown symbols become one token.</summary>
    public bool FuseUnk { get; init; }

    /// <summary>Whether an unknown character becomes tokens of its bytes.</summary>
    public bool ByteFallback { get; init; }

    /// <summary>Whether a piece that is a token as it stands is taken whole, before any merge.</summary>
    public bool IgnoreMerges { get; init; }

    public required IReadOnlyDictionary<string, int> Vocab { get; init; }

    public required IReadOnlyList<BpeMerge> Merges { get; init; }

    public void Check(TokenizerDefinition definition)
    {
        Refuse(Dropout is > 0, "dropout");
        Refuse(!string.IsNullOrEmpty(ContinuingSubwordPrefix), "continuing_subword_prefix");
        Refuse(!string.IsNullOrEmpty(EndOfWordSuffix), "end_of_word_suffix");
        if (definition.PreTokenizer?.YieldsBytes() != true)
        {
            throw new UserError("BPE without a ByteLevel pre_tokenizer is not supported yet", "model");
        }

        var lacksBytes = Enumerable.Range(0, 256).Any(b => !Vocab.ContainsKey(ByteAlphabet.CharacterOf((byte)b).ToString()));
        Refuse(lacksBytes && UnkToken is not null, "unk_token with a vocabulary that lacks single bytes");
        for (var i = 0; i < Merges.Count; i++)
        {
            var (left, right) = Merges[i];
            foreach (var token in (ReadOnlySpan<string>)[left, right, left + right])
            {
                if (!Vocab.ContainsKey(token))
                {
                    throw new UserError($"'{token}' is not in the vocabulary", $"merge {i} ('{left}' '{right}')", "both parts of a merge and their union must be tokens");
                }
            }
        }
    }

    public IPieceEncoder Compile(bool bytes) => new BpeEncoder(this);

    /// <summary>A token of bytes begins a word when it begins with white space.</summary>
    public bool StartsWord(string token) => token.Length > 0 && ByteAlphabet.ByteOf(token[0]) is ' ' or '\n' or '\t' or '\r';

    private static void Refuse(bool condition, string setting)
    {
        if (condition)
        {
            throw new UserError($"BPE with {setting} is not supported yet", "model");
        }
    }
}
