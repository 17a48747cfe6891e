using System.Text.Json;
using System.Text.Json.Serialization;

namespace Heirloom.Encoding.Stages;

/// <summary>A token and the logarithm of its probability, written as a pair.</summary>
[JsonConverter(typeof(Converter))]
public readonly record struct UnigramPiece(string Token, double Score)
{
    private sealed class Converter : JsonConverter<UnigramPiece>
    {
        public override UnigramPiece Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (reader.TokenType == JsonTokenType.StartArray && reader.Read() && reader.TokenType == JsonTokenType.String && reader.GetString() is var token
                && reader.Read() && reader.TokenType == JsonTokenType.Number && reader.TryGetDouble(out var score) && reader.Read() && reader.TokenType == JsonTokenType.EndArray)
            {
                return new(token!, score);
            }

            throw new JsonException("a token and its score are expected: [\"token\", -1.5]");
        }

        public override void Write(Utf8JsonWriter writer, UnigramPiece value, JsonSerializerOptions options)
        {
            writer.WriteStartArray();
            writer.WriteStringValue(value.Token);
            if (double.IsInteger(value.Score) && Math.Abs(value.Score) < 1e15)
            {
                writer.WriteRawValue(value.Score.ToString("F1", System.Globalization.CultureInfo.InvariantCulture)); // 0.0 and not 0, which some readers take for another type
            }
            else
            {
                writer.WriteNumberValue(value.Score);
            }

            writer.WriteEndArray();
        }
    }
}

/// <summary>The most probable way of cutting a piece into tokens that are drawn independently (Kudo 2018).</summary>
[Stage("Unigram")]
public sealed record UnigramModel : ITokenModel
{
    private Dictionary<string, int>? _ids;

    /// <summary>The id of the token for what no token covers.</summary>
    public int? UnkId { get; init; }

    /// <summary>The tokens by id.</summary>
    public required IReadOnlyList<UnigramPiece> Vocab { get; init; }

    /// <summary>Whether what is unknown becomes tokens of its bytes.</summary>
    public bool ByteFallback { get; init; }

    IReadOnlyDictionary<string, int> ITokenModel.Vocab => _ids ??= Ids();

    [JsonIgnore]
    public IReadOnlyList<string> TokensById => [.. Vocab.Select(p => p.Token)];

    public bool Equals(UnigramModel? other) => ReferenceEquals(this, other)
        || (other is not null && UnkId == other.UnkId && ByteFallback == other.ByteFallback && Vocab.SequenceEqual(other.Vocab));

    public override int GetHashCode() => HashCode.Combine(UnkId, Vocab.Count);

    public void Check(TokenizerDefinition definition)
    {
        if (UnkId is { } unknown && (uint)unknown >= (uint)Vocab.Count)
        {
            throw new UserError($"{unknown} is not in the vocabulary of {Vocab.Count}", "model.unk_id", "name a token of the vocabulary");
        }

        if (Vocab.Index().FirstOrDefault(p => !double.IsFinite(p.Item.Score)) is { Item.Token: not null } bad)
        {
            throw new UserError($"the score {bad.Item.Score} is not a number", $"model.vocab[{bad.Index}]");
        }
    }

    public IPieceEncoder Compile(bool bytes) => new UnigramEncoder(this);

    public bool StartsWord(string token) => token.StartsWith('▁');

    /// <summary>Of a token that is listed twice, the last id counts.</summary>
    private Dictionary<string, int> Ids()
    {
        var ids = new Dictionary<string, int>(Vocab.Count);
        foreach (var (id, piece) in Vocab.Index())
        {
            ids[piece.Token] = id;
        }

        return ids;
    }
}
