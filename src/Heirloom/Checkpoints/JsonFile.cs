using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;

namespace Heirloom.Checkpoints;

/// <summary>JSON that a user or a stranger wrote: whatever is wrong with it becomes one line that names the file.</summary>
internal static class JsonFile
{
    private const long MaxBytes = 100_000_000;
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 64 };

    /// <summary>Parses a file that holds an object with no key twice.</summary>
    /// <exception cref="UserError">Missing, unreadable, too long, not JSON, or not an object.</exception>
    public static JsonObject ParseObject(string path) => Parse(path) as JsonObject ?? throw new UserError("is not a JSON object", path);

    /// <summary>Parses a file that holds a list; no object in it has a key twice.</summary>
    /// <exception cref="UserError">Missing, unreadable, too long, not JSON, or not a list.</exception>
    public static JsonArray ParseArray(string path) => Parse(path) as JsonArray ?? throw new UserError("is not a JSON list", path);

    private static JsonNode? Parse(string path) => Guard(path, () =>
    {
        var parsed = JsonNode.Parse(Read(path), documentOptions: Strict with { AllowDuplicateProperties = false });
        Touch(parsed);
        return parsed;
    });

    private static byte[] Read(string path)
    {
        var info = new FileInfo(path);
        return !info.Exists ? throw new UserError("no such file", path)
            : info.Length > MaxBytes ? throw new UserError($"{info.Length} bytes are too many for a file of this kind", path)
            : File.ReadAllBytes(path) is var bytes && Utf8.IsValid(bytes) ? Plain(bytes)
            : throw new UserError("is not UTF-8 text", path);
    }

    /// <summary>Without the byte order mark that some editors leave.</summary>
    private static byte[] Plain(byte[] bytes) => bytes.AsSpan().StartsWith("\ufeff"u8) ? bytes[3..] : bytes;

    /// <summary>Nodes are read lazily; text that is not valid Unicode is to fail here rather than wherever it is used first.</summary>
    private static void Touch(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject members:
                foreach (var (_, value) in members)
                {
                    Touch(value);
                }

                break;
            case JsonArray items:
                foreach (var item in items)
                {
                    Touch(item);
                }

                break;
            case JsonValue value when value.GetValueKind() == JsonValueKind.String:
                _ = value.GetValue<string>();
                break;
            default:
                break;
        }
    }

    private static T Guard<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            var line = e is JsonException { LineNumber: { } number } ? $"{path}:{number + 1}" : path;
            throw new UserError("is not valid JSON", line, inner: e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"cannot be read: {e.Message}", path, inner: e);
        }
    }
}
