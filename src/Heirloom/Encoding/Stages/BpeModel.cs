using System.Text.Json.Serialization;

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

    /// <summary>Bytes can be told from characters where each is a symbol and none needs another spelling.</summary>
    [JsonIgnore]
    public bool ReadsBytes => Prefix.Length == 0 && string.IsNullOrEmpty(EndOfWordSuffix)
        && Enumerable.Range(0, 256).All(b => Vocab.ContainsKey(ByteAlphabet.CharacterOf((byte)b).ToString()));

    [JsonIgnore]
    public bool IsRandom => Dropout is > 0;

    [JsonIgnore]
    private string Prefix => ContinuingSubwordPrefix ?? "";

    public void Check(TokenizerDefinition definition)
    {
        if (Dropout is not (null or (>= 0 and <= 1)))
        {
            throw new UserError($"{Dropout} is not a probability", "model.dropout", "0 to 1");
        }

        for (var i = 0; i < Merges.Count; i++)
        {
            var (left, right) = Merges[i];
            if (right.Length < Prefix.Length)
            {
                throw new UserError($"'{right}' does not begin with the prefix '{Prefix}'", $"merge {i} ('{left}' '{right}')");
            }

            if (!Vocab.ContainsKey(left) || !Vocab.ContainsKey(right) || !Vocab.ContainsKey(left + right[Prefix.Length..]))
            {
                var missing = new[] { left, right, left + right[Prefix.Length..] }.First(t => !Vocab.ContainsKey(t));
                throw new UserError($"'{missing}' is not in the vocabulary", $"merge {i} ('{left}' '{right}')", "both parts of a merge and their union must be tokens");
            }
        }
    }

    public IPieceEncoder Compile(bool bytes) => new BpeEncoder(this, bytes);

    /// <summary>A token begins a word when it begins with white space, in bytes or as SentencePiece writes it.</summary>
    public bool StartsWord(string token) => token.Length > 0 && (token[0] == '▁' || ByteAlphabet.ByteOf(token[0]) is ' ' or '\n' or '\t' or '\r');
}
