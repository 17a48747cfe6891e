using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Heirloom.Adaptation.Peft;

/// <summary>An <c>adapter_config.json</c> that is being read: what was asked for is known, so that whatever else it says can be judged.</summary>
internal sealed class PeftJson(JsonObject json, string file)
{
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    public string File => file;

    /// <summary>Keys that are left as they are: they say where an adapter comes from, or how it once began.</summary>
    public void Ignore(params ReadOnlySpan<string> keys)
    {
        foreach (var key in keys)
        {
            _known.Add(key);
        }
    }

    /// <summary>Keys that ask for something that we do not compute, where they are set.</summary>
    /// <exception cref="UserError">One is.</exception>
    public void Refuse(params ReadOnlySpan<string> keys)
    {
        foreach (var key in keys)
        {
            _known.Add(key);
            if (IsSet(json[key]))
            {
                throw new UserError($"'{key}' is not supported", file, "use an adapter without it");
            }
        }
    }

    /// <summary>Refuses whatever was neither read nor ignored and says anything at all.</summary>
    /// <exception cref="UserError">There is such a key.</exception>
    public void RefuseRest()
    {
        if (json.FirstOrDefault(p => !_known.Contains(p.Key) && IsSet(p.Value)).Key is { } key)
        {
            throw new UserError($"'{Plain(key)}' is not known, and it may change what the adapter computes", file, "remove it if it does not");
        }
    }

    public string Text(string key, string otherwise) => Node(key) switch
    {
        null => otherwise,
        var node when node.GetValueKind() is JsonValueKind.String => node.GetValue<string>(),
        var node when node.GetValueKind() is JsonValueKind.True or JsonValueKind.False => node.GetValueKind() == JsonValueKind.True ? "true" : "false",
        _ => throw Wrong(key, "text"),
    };

    public bool Flag(string key) => Node(key) switch
    {
        null => false,
        var node when node.GetValueKind() is JsonValueKind.True or JsonValueKind.False => node.GetValue<bool>(),
        _ => throw Wrong(key, "true or false"),
    };

    public int Size(string key, int? otherwise = null, int max = 1 << 24) =>
        Node(key) is not { } node ? otherwise ?? throw new UserError($"lacks '{key}'", file)
        : node.GetValueKind() == JsonValueKind.Number && node.AsValue().TryGetValue<int>(out var size) && size >= 1 && size <= max ? size
        : throw Wrong(key, $"a number from 1 to {max}");

    public double Number(string key, double otherwise) =>
        Node(key) is not { } node ? otherwise
        : node.GetValueKind() == JsonValueKind.Number && node.GetValue<double>() is var number && double.IsFinite(number) ? number
        : throw Wrong(key, "a number");

    /// <summary>A list of names, or one text: a pattern, or the word for all linear layers.</summary>
    public (ImmutableArray<string> Names, string? Pattern) Names(string key) => Node(key) switch
    {
        null => ([], null),
        JsonArray items when items.All(i => i?.GetValueKind() == JsonValueKind.String) => ([.. items.Select(i => i!.GetValue<string>())], null),
        var node when node.GetValueKind() == JsonValueKind.String => node.GetValue<string>() is var text && text.Equals(ModuleChoice.AllLinear, StringComparison.OrdinalIgnoreCase)
            ? ([ModuleChoice.AllLinear], null)
            : ([], text),
        _ => throw Wrong(key, "a list of names or a pattern"),
    };

    public ImmutableArray<int> Indices(string key) => Node(key) switch
    {
        null => [],
        JsonArray items when items.All(i => i is JsonValue v && v.TryGetValue<int>(out _)) => [.. items.Select(i => i!.GetValue<int>())],
        JsonValue one when one.TryGetValue<int>(out var index) => [index],
        _ => throw Wrong(key, "a list of numbers"),
    };

    public IReadOnlyDictionary<string, T> Map<T>(string key, Func<JsonNode, T> read)
    {
        try
        {
            return Node(key) switch
            {
                null => new Dictionary<string, T>(),
                JsonObject map => map.ToDictionary(p => p.Key, p => read(p.Value ?? throw Wrong(key, "numbers by name"))),
                _ => throw Wrong(key, "numbers by name"),
            };
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException)
        {
            throw Wrong(key, "numbers by name");
        }
    }

    /// <summary>A list, or a pattern or the word for all linear layers as plain text.</summary>
    public static JsonNode List(IEnumerable<string> names, string? pattern) => pattern is not null ? pattern
        : names.ToList() is [ModuleChoice.AllLinear] ? ModuleChoice.AllLinear
        : new JsonArray([.. names.Select(n => (JsonNode)n)]);

    private JsonNode? Node(string key)
    {
        _known.Add(key);
        return json[key];
    }

    private UserError Wrong(string key, string what) => new($"'{key}' must be {what}", file);

    private static string Plain(string text) => new([.. text.Take(60).Where(c => !char.IsControl(c))]);

    private static bool IsSet(JsonNode? node) => node switch
    {
        null => false,
        JsonArray items => items.Count > 0,
        JsonObject members => members.Count > 0,
        _ => node.GetValueKind() != JsonValueKind.False,
    };
}
