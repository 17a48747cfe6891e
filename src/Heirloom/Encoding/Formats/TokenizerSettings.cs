using System.Globalization;
using System.Text.Json;

namespace Heirloom.Encoding.Formats;

/// <summary>What <c>tokenizer_config.json</c>, <c>special_tokens_map.json</c> and <c>added_tokens.json</c> beside a vocabulary say.</summary>
internal sealed class TokenizerSettings
{
    private readonly JsonElement _config, _map;

    private TokenizerSettings(JsonElement config, JsonElement map, IReadOnlyList<AddedToken> added)
    {
        (_config, _map, Added) = (config, map, added);
    }

    /// <summary>Tokens that the files list with their ids.</summary>
    public IReadOnlyList<AddedToken> Added { get; }

    /// <summary>The name of the class that wrote the files, without what only says that it is the fast one; empty where unknown.</summary>
    public string Kind => Text("tokenizer_class")?.Replace("Fast", "", StringComparison.Ordinal) ?? "";

    /// <exception cref="UserError">A file is ill-formed.</exception>
    public static TokenizerSettings Read(string folder)
    {
        var config = Json(Path.Combine(folder, "tokenizer_config.json"));
        var added = new List<AddedToken>();
        try
        {
            if (config.ValueKind == JsonValueKind.Object && config.TryGetProperty("added_tokens_decoder", out var decoder) && decoder.ValueKind == JsonValueKind.Object)
            {
                added.AddRange(decoder.EnumerateObject().Select(t => new AddedToken
                {
                    Id = int.Parse(t.Name, NumberStyles.None, CultureInfo.InvariantCulture),
                    Content = t.Value.GetProperty("content").GetString()!,
                    SingleWord = Flag(t.Value, "single_word"),
                    Lstrip = Flag(t.Value, "lstrip"),
                    Rstrip = Flag(t.Value, "rstrip"),
                    Normalized = Flag(t.Value, "normalized"),
                    Special = Flag(t.Value, "special"),
                }));
            }
            else if (Json(Path.Combine(folder, "added_tokens.json")) is { ValueKind: JsonValueKind.Object } plain)
            {
                added.AddRange(plain.EnumerateObject().Select(t => new AddedToken { Id = t.Value.GetInt32(), Content = t.Name }));
            }
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or OverflowException or KeyNotFoundException)
        {
            throw new UserError($"the added tokens are ill-formed: {e.Message}", folder, inner: e);
        }

        return new(config, Json(Path.Combine(folder, "special_tokens_map.json")), added);
    }

    /// <summary>A setting that is yes or no.</summary>
    public bool? Flag(string name) => _config.ValueKind == JsonValueKind.Object && _config.TryGetProperty(name, out var value)
        ? value.ValueKind switch { JsonValueKind.True => true, JsonValueKind.False => false, _ => null }
        : null;

    public int? Number(string name) => _config.ValueKind == JsonValueKind.Object && _config.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number)
        ? number
        : null;

    /// <summary>A setting that is text, or a token.</summary>
    public string? Text(string name) => Token(_config, name) ?? Token(_map, name);

    /// <summary>Whether a token takes the white space on its left with it, as masks do.</summary>
    public bool StripsLeft(string token) => new[] { _config, _map }.Any(f => f.ValueKind == JsonValueKind.Object
        && f.EnumerateObject().Any(p => p.Value.ValueKind == JsonValueKind.Object && Token(f, p.Name) == token && Flag(p.Value, "lstrip")));

    private static bool Flag(JsonElement token, string name) => token.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;

    private static string? Token(JsonElement file, string name) => file.ValueKind != JsonValueKind.Object || !file.TryGetProperty(name, out var value) ? null : value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Object when value.TryGetProperty("content", out var content) && content.ValueKind == JsonValueKind.String => content.GetString(),
        _ => null,
    };

    private static JsonElement Json(string file)
    {
        if (!File.Exists(file))
        {
            return default;
        }

        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(file));
            return document.RootElement.Clone();
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new UserError($"not a settings file: {e.Message.ReplaceLineEndings(" ")}", file, inner: e);
        }
    }
}
