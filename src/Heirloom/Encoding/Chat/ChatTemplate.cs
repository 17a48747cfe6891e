using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Heirloom.Encoding.Chat;

/// <summary>
/// Makes the text that a chat model reads of the turns of a conversation: the subset of Jinja that published chat templates use, with the same result,
/// white space included. A template is data: it can do nothing but write, and only so much.
/// </summary>
public sealed class ChatTemplate
{
    private readonly Body _body;
    private readonly string _name;

    private ChatTemplate(string source, string name, Body body) => (Source, _name, _body) = (source, name, body);

    /// <summary>As it was written.</summary>
    public string Source { get; }

    /// <param name="source">The template.</param>
    /// <param name="name">What errors call it.</param>
    /// <exception cref="UserError">It is ill-formed, or uses a tag, filter or test that is not supported; says which, and the line.</exception>
    public static ChatTemplate Parse(string source, string name = "chat template")
    {
        try
        {
            return new(source, name, TemplateParser.Parse(source));
        }
        catch (UserError e)
        {
            throw new UserError(e.Message, name, inner: e);
        }
    }

    /// <summary>The conversation as text.</summary>
    /// <exception cref="UserError">The template refuses these turns, asks for what they have not, or goes on for too long.</exception>
    public RenderedChat Render(ChatTemplateInput input, ChatTemplateLimits? limits = null)
    {
        var run = new TemplateRun(limits ?? new(), input.Now);
        try
        {
            foreach (var (key, value) in input.Variables())
            {
                run.Scope.Set(key, Value(value));
            }

            _body.Execute(run);
            return new(run.Result, [.. run.Generations]);
        }
        catch (UserError e)
        {
            throw new UserError(e.Message, _name, inner: e);
        }
        catch (InsufficientExecutionStackException e)
        {
            throw new UserError("the values are nested too deeply", _name, inner: e);
        }
    }

    private static object? Value(JsonNode? node) => node switch
    {
        null => null,
        JsonArray array => array.Select(Value).ToList(),
        JsonObject map => Map(map),
        _ => node.GetValueKind() switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            JsonValueKind.String => node.GetValue<string>(),
            JsonValueKind.Number => Number(node.ToJsonString()),
            _ => null,
        },
    };

    private static TemplateMap Map(JsonObject source)
    {
        var map = new TemplateMap();
        foreach (var (key, value) in source)
        {
            map[key] = Value(value);
        }

        return map;
    }

    /// <summary>As it is written: <c>1</c> is an integer and <c>1.0</c> is not.</summary>
    private static object Number(string text) =>
        long.TryParse(text, System.Globalization.NumberStyles.AllowLeadingSign, System.Globalization.CultureInfo.InvariantCulture, out var integer) ? (object)integer
        : double.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>A conversation as text.</summary>
/// <param name="Text">What the model reads, special tokens written out.</param>
/// <param name="Generated">Where assistants' turns stand, for templates that mark them by <c>{% generation %}</c>.</param>
public sealed record RenderedChat(string Text, ImmutableArray<Range> Generated);

/// <summary>What a chat template is given.</summary>
public sealed record ChatTemplateInput
{
    /// <summary>The turns: objects with <c>role</c> and <c>content</c>, and whatever else the template knows (<c>tool_calls</c>).</summary>
    public required JsonArray Messages { get; init; }

    /// <summary>Functions that the model may call, in the usual JSON schema.</summary>
    public JsonArray? Tools { get; init; }

    /// <summary>Documents that the model may cite.</summary>
    public JsonArray? Documents { get; init; }

    /// <summary>Whether the text ends where the assistant begins.</summary>
    public bool AddGenerationPrompt { get; init; } = true;

    /// <summary>The tokenizer's tokens by role: <c>bos_token</c>, <c>eos_token</c>, ….</summary>
    public IReadOnlyDictionary<string, string> SpecialTokens { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>Further names, such as <c>enable_thinking</c>.</summary>
    public JsonObject? More { get; init; }

    /// <summary>What <c>strftime_now</c> says.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>A conversation of plain turns.</summary>
    public static JsonArray Turns(params IEnumerable<(string Role, string Content)> turns) =>
        [.. turns.Select(t => new JsonObject { ["role"] = t.Role, ["content"] = t.Content })];

    internal IEnumerable<KeyValuePair<string, JsonNode?>> Variables()
    {
        foreach (var (role, token) in SpecialTokens)
        {
            yield return new(role, token);
        }

        yield return new("messages", Messages);
        yield return new("tools", Tools);
        yield return new("documents", Documents);
        yield return new("add_generation_prompt", AddGenerationPrompt);
        foreach (var (name, value) in More ?? [])
        {
            yield return new(name, value);
        }
    }
}
