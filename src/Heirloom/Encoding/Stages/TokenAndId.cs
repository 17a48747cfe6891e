using System.Text.Json;
using System.Text.Json.Serialization;

namespace Heirloom.Encoding.Stages;

/// <summary>A token and its id, written as a pair: <c>["[SEP]", 102]</c>.</summary>
[JsonConverter(typeof(Converter))]
public readonly record struct TokenAndId(string Token, int Id)
{
    private sealed class Converter : JsonConverter<TokenAndId>
    {
        public override TokenAndId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            JsonElement.ParseValue(ref reader) is { ValueKind: JsonValueKind.Array } pair && pair.GetArrayLength() == 2
            && pair[0].ValueKind == JsonValueKind.String && pair[1].ValueKind == JsonValueKind.Number && pair[1].TryGetInt32(out var id)
                ? new(pair[0].GetString()!, id)
                : throw new JsonException("a token and its id are expected: [\"token\", 1]");

        public override void Write(Utf8JsonWriter writer, TokenAndId value, JsonSerializerOptions options)
        {
            writer.WriteStartArray();
            writer.WriteStringValue(value.Token);
            writer.WriteNumberValue(value.Id);
            writer.WriteEndArray();
        }
    }
}
