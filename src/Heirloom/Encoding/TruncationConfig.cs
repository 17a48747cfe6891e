using System.Text.Json;
using System.Text.Json.Serialization;

namespace Heirloom.Encoding;

/// <summary>How long a text may be: the content of <c>truncation</c> in <c>tokenizer.json</c>.</summary>
public sealed record TruncationConfig : IExample<TruncationConfig>
{
    public static TruncationConfig Example => new() { MaxLength = 16 };

    /// <summary>The end that is cut off.</summary>
    public TextSide Direction { get; init; } = TextSide.Right;

    /// <summary>The most tokens, special ones included.</summary>
    public required int MaxLength { get; init; }

    /// <summary>Which text of a pair is cut.</summary>
    public TruncationStrategy Strategy { get; init; } = TruncationStrategy.LongestFirst;

    /// <summary>By how many tokens the windows of what overflows overlap.</summary>
    public int Stride { get; init; }
}

/// <summary>How short a text may be: the content of <c>padding</c> in <c>tokenizer.json</c>.</summary>
public sealed record PaddingConfig
{
    public PaddingStrategy Strategy { get; init; } = PaddingStrategy.BatchLongest;

    /// <summary>The side on which padding stands.</summary>
    public TextSide Direction { get; init; } = TextSide.Right;

    public int? PadToMultipleOf { get; init; }

    public int PadId { get; init; }

    public int PadTypeId { get; init; }

    public string PadToken { get; init; } = "[PAD]";
}

[JsonConverter(typeof(JsonStringEnumConverter<TextSide>))]
public enum TextSide
{
    Left,
    Right,
}

[JsonConverter(typeof(JsonStringEnumConverter<TruncationStrategy>))]
public enum TruncationStrategy
{
    /// <summary>The longer text, then both by turns.</summary>
    LongestFirst,
    OnlyFirst,
    OnlySecond,
}

/// <summary>Up to the longest of a batch, or up to a fixed length.</summary>
[JsonConverter(typeof(Converter))]
public readonly record struct PaddingStrategy(int? Fixed)
{
    public static PaddingStrategy BatchLongest { get; }

    private sealed class Converter : JsonConverter<PaddingStrategy>
    {
        private const string Longest = "BatchLongest", FixedKey = "Fixed";

        public override PaddingStrategy Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => JsonElement.ParseValue(ref reader) switch
        {
            { ValueKind: JsonValueKind.String } name when name.GetString() == Longest => BatchLongest,
            { ValueKind: JsonValueKind.Object } value when value.TryGetProperty(FixedKey, out var size) && size.ValueKind == JsonValueKind.Number && size.TryGetInt32(out var length) && length >= 0 => new(length),
            var other => throw new JsonException($"'{other}' is no way of padding: \"{Longest}\" or {{\"{FixedKey}\": 128}}"),
        };

        public override void Write(Utf8JsonWriter writer, PaddingStrategy value, JsonSerializerOptions options)
        {
            if (value.Fixed is not { } length)
            {
                writer.WriteStringValue(Longest);
                return;
            }

            writer.WriteStartObject();
            writer.WriteNumber(FixedKey, length);
            writer.WriteEndObject();
        }
    }
}
