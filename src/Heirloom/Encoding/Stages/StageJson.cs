using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Heirloom.Encoding.Stages;

/// <summary>How stages are read and written: keys in snake case, strictly, each with its <c>type</c>.</summary>
internal static class StageJson
{
    public static JsonSerializerOptions Options { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
        RespectNullableAnnotations = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
        NewLine = "\n",
        Converters = { new StageConverterFactory(), new BpeMergeConverter() },
        TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { AddType } },
    };

    private static void AddType(JsonTypeInfo info)
    {
        if (info.Kind == JsonTypeInfoKind.Object && StageTypes.NameOf(info.Type) is { } name)
        {
            var type = info.CreateJsonPropertyInfo(typeof(string), "type");
            type.Order = int.MinValue;
            type.Get = _ => name;
            type.Set = (_, _) => { };
            info.Properties.Insert(0, type);
        }
    }

    /// <summary>Chooses the class of a stage by its <c>type</c>.</summary>
    private sealed class StageConverterFactory : JsonConverterFactory
    {
        public override bool CanConvert(Type typeToConvert) => StageTypes.Kinds.Any(k => k.Kind == typeToConvert);

        public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
            (JsonConverter)Activator.CreateInstance(typeof(StageConverter<>).MakeGenericType(typeToConvert))!;
    }

    private sealed class StageConverter<TStage> : JsonConverter<TStage> where TStage : class, IStage
    {
        public override TStage Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            var key = StageTypes.Kinds.First(k => k.Kind == typeof(TStage)).Key;
            var element = JsonElement.ParseValue(ref reader);
            if (element.ValueKind != JsonValueKind.Object)
            {
                throw new JsonException($"the {key} is not an object");
            }

            var name = element.TryGetProperty("type", out var written) && written.ValueKind == JsonValueKind.String
                ? written.GetString()!
                : (typeof(TStage) == typeof(ITokenModel) ? Guess(element) : null) ?? throw new JsonException($"the {key} has no type");
            var type = StageTypes.Find(typeof(TStage), name)
                ?? throw new UserError($"the {key} '{name}' is not known", mend: $"known: {string.Join(", ", StageTypes.Names(typeof(TStage)).Order())}");
            return (TStage)element.Deserialize(type, options)!;
        }

        /// <summary>Old files tell models apart by their keys.</summary>
        private static string? Guess(JsonElement model) => model switch
        {
            _ when model.TryGetProperty("merges", out _) => "BPE",
            _ when model.TryGetProperty("continuing_subword_prefix", out _) => "WordPiece",
            _ when model.TryGetProperty("vocab", out var vocabulary) => vocabulary.ValueKind == JsonValueKind.Array ? "Unigram" : "WordLevel",
            _ => null,
        };

        public override void Write(Utf8JsonWriter writer, TStage value, JsonSerializerOptions options) =>
            JsonSerializer.Serialize(writer, value, value.GetType(), options);
    }

    /// <summary>Reads merges as <c>"a b"</c> and as <c>["a", "b"]</c>; writes the first, which every version reads, unless a token has a space.</summary>
    private sealed class BpeMergeConverter : JsonConverter<BpeMerge>
    {
        public override BpeMerge Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (reader.TokenType == JsonTokenType.StartArray)
            {
                return JsonSerializer.Deserialize<string?[]>(ref reader, options) is [{ } left, { } right]
                    ? new(left, right)
                    : throw new JsonException("a merge is two tokens");
            }

            var text = reader.TokenType == JsonTokenType.String ? reader.GetString()! : "";
            var space = text.IndexOf(' ', StringComparison.Ordinal);
            return space < 0 || text.LastIndexOf(' ') != space
                ? throw new JsonException($"a merge is two tokens with a space between, not '{text}'")
                : new(text[..space], text[(space + 1)..]);
        }

        public override void Write(Utf8JsonWriter writer, BpeMerge value, JsonSerializerOptions options)
        {
            if (value.Left.Contains(' ', StringComparison.Ordinal) || value.Right.Contains(' ', StringComparison.Ordinal))
            {
                JsonSerializer.Serialize(writer, (string[])[value.Left, value.Right], options);
            }
            else
            {
                writer.WriteStringValue($"{value.Left} {value.Right}");
            }
        }
    }
}
