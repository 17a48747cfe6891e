using System.Text.Json;

namespace Heirloom.Encoding.Chat;

/// <summary>
/// The chat templates of a model folder: <c>chat_template.jinja</c> and <c>additional_chat_templates/*.jinja</c>, else <c>chat_template.json</c>,
/// else <c>tokenizer_config.json</c>, where there may be one or several with names.
/// </summary>
public sealed class ChatTemplateFile
{
    /// <summary>The name of the template that is used when none is asked for.</summary>
    public const string Default = "default";

    private readonly string _folder;
    private readonly IReadOnlyDictionary<string, (string Source, string Where)> _templates;

    private ChatTemplateFile(string folder, IReadOnlyDictionary<string, (string, string)> templates) => (_folder, _templates) = (folder, templates);

    public IEnumerable<string> Names => _templates.Keys;

    /// <summary>Finds a folder's templates; none is parsed yet.</summary>
    /// <exception cref="UserError">A file is no JSON, or its template no text.</exception>
    public static ChatTemplateFile Read(string folder)
    {
        var templates = new Dictionary<string, (string, string)>();
        AddJson(Path.Combine(folder, "tokenizer_config.json"), templates);
        AddJson(Path.Combine(folder, "chat_template.json"), templates);
        var jinja = Path.Combine(folder, "chat_template.jinja");
        if (File.Exists(jinja))
        {
            templates[Default] = (Text(jinja), jinja);
        }

        var more = Path.Combine(folder, "additional_chat_templates");
        foreach (var file in Directory.Exists(more) ? Directory.GetFiles(more, "*.jinja").Order(StringComparer.Ordinal) : Enumerable.Empty<string>())
        {
            templates[Path.GetFileNameWithoutExtension(file)] = (Text(file), file);
        }

        return new(folder, templates);
    }

    /// <summary>A template by name; without one the default, or with tools the one for tools where there is one.</summary>
    /// <exception cref="UserError">The folder has none of that name, or it is ill-formed.</exception>
    public ChatTemplate Get(string? name = null, bool tools = false)
    {
        var wanted = name ?? (tools && _templates.ContainsKey("tool_use") ? "tool_use" : _templates.Count == 1 ? _templates.Keys.First() : Default);
        return _templates.TryGetValue(wanted, out var found) ? ChatTemplate.Parse(found.Source, found.Where)
            : throw (_templates.Count == 0
                ? new UserError("there is no chat template", _folder, "put a chat_template.jinja beside the tokenizer, or use 'generate' with a prompt")
                : new UserError($"there is no chat template '{wanted}'", _folder, UserError.Nearest(wanted, Names)));
    }

    /// <summary>A template's text as it stands; null where the folder has none of that name.</summary>
    public string? Source(string name = Default) => _templates.TryGetValue(name, out var found) ? found.Source : null;

    private static void AddJson(string file, Dictionary<string, (string, string)> templates)
    {
        if (!File.Exists(file))
        {
            return;
        }

        try
        {
            using var document = JsonDocument.Parse(Text(file), new() { CommentHandling = JsonCommentHandling.Skip });
            if (document.RootElement.ValueKind != JsonValueKind.Object || !document.RootElement.TryGetProperty("chat_template", out var template))
            {
                return;
            }

            switch (template.ValueKind)
            {
                case JsonValueKind.String:
                    templates[Default] = (template.GetString()!, file);
                    break;
                case JsonValueKind.Array:
                    foreach (var one in template.EnumerateArray())
                    {
                        var name = one.GetProperty("name").GetString()!;
                        templates[name] = (one.GetProperty("template").GetString()!, $"{file}, template '{name}'");
                    }

                    break;
                case JsonValueKind.Object:
                    foreach (var one in template.EnumerateObject())
                    {
                        templates[one.Name] = (one.Value.GetString()!, $"{file}, template '{one.Name}'");
                    }

                    break;
                case JsonValueKind.Null:
                    break;
                default:
                    throw new UserError("its chat_template is neither text nor a list of named texts", file);
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or ArgumentNullException)
        {
            throw new UserError($"its chat_template cannot be read: {e.Message.ReplaceLineEndings(" ")}", file, "give it as text, or as a list of objects with 'name' and 'template'", e);
        }
    }

    private static string Text(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"cannot read: {e.Message}", file, inner: e);
        }
    }
}
