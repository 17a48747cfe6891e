using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Heirloom.Checkpoints.Hub;

/// <summary>A hub's <c>config.json</c>, read key by key; what is missing or ill-typed is refused with the file and the key.</summary>
public sealed class HubConfig(JsonObject json, string file)
{
    /// <summary>Keys that are ours to write, whoever wrote them before.</summary>
    private static readonly string[] s_own = [HubFolder.SettingsKey, "architectures", "torch_dtype", "dtype"];

    private HashSet<string> _read = [];
    private Dictionary<string, HubConfig> _inner = [];
    private List<string> _notes = [];
    private Dictionary<string, string> _names = [];
    private Dictionary<string, JsonNode> _defaults = [];

    public JsonObject Json { get; } = json;

    /// <summary>For messages.</summary>
    public string File { get; } = file;

    public string ModelType => Text("model_type", "");

    /// <summary>What a report is to say of how the configuration was understood.</summary>
    public IReadOnlyList<string> Notes => _notes;

    /// <summary>Adds to <see cref="Notes"/>, for all views of the file.</summary>
    public void Note(string note) => _notes.Add(note);

    /// <summary>Class names, such as <c>BertForMaskedLM</c>.</summary>
    public IReadOnlyList<string> Architectures => Json["architectures"] is JsonArray list
        ? [.. list.OfType<JsonValue>().Where(v => v.GetValueKind() == JsonValueKind.String).Select(v => v.GetValue<string>())]
        : [];

    /// <summary>Whether the key is there and not null.</summary>
    public bool Has(string key) => Json[NameOf(key)] is not null;

    /// <summary>Whether the key is there, be it null.</summary>
    public bool Names(string key) => Json.ContainsKey(NameOf(key));

    /// <summary>The same with values for keys that are missing or null.</summary>
    public HubConfig With(params ReadOnlySpan<(string Key, JsonNode Value)> defaults)
    {
        var filled = new Dictionary<string, JsonNode>(_defaults);
        foreach (var (key, value) in defaults)
        {
            filled[key] = value;
        }

        return View(_names, filled);
    }

    /// <summary>The same where some keys stand under names of the family's own.</summary>
    public HubConfig Renamed(params ReadOnlySpan<(string Own, string Key)> names)
    {
        var renamed = new Dictionary<string, string>(_names);
        foreach (var (own, key) in names)
        {
            renamed[key] = own;
        }

        return View(renamed, _defaults);
    }

    /// <summary>A size: a whole number of at least 1.</summary>
    public int Size(string key, int? otherwise = null, int max = int.MaxValue) =>
        (int)(Number(key, "a whole number", whole: true, 1, max) ?? otherwise ?? throw Missing(key));

    /// <summary>A size, null where the key is missing or null.</summary>
    public int? SizeOrNull(string key) => (int?)Number(key, "a whole number", whole: true, 1, int.MaxValue);

    /// <summary>A list of sizes.</summary>
    public int[] Sizes(string key, int[] otherwise) => Node(key) switch
    {
        null => otherwise,
        JsonArray list when list.All(item => item is JsonValue value && value.GetValueKind() == JsonValueKind.Number && value.TryGetValue<int>(out var size) && size > 0) =>
            [.. list.Select(item => item!.GetValue<int>())],
        var other => throw Wrong(key, other, "a list of whole numbers of at least 1"),
    };

    /// <summary>A whole number of at least 0, null where the key is missing or null.</summary>
    public int? CountOrNull(string key) => (int?)Number(key, "a whole number", whole: true, 0, int.MaxValue);

    /// <summary>A whole number of at least 0.</summary>
    public int Count(string key, int otherwise) => (int)(Number(key, "a whole number", whole: true, 0, int.MaxValue) ?? otherwise);

    /// <summary>A number within bounds.</summary>
    public double Number(string key, double otherwise, double min, double max) => Number(key, "a number", whole: false, min, max) ?? otherwise;

    public bool Flag(string key, bool otherwise) => Node(key) switch
    {
        null => otherwise,
        JsonValue value when value.GetValueKind() is JsonValueKind.True or JsonValueKind.False => value.GetValue<bool>(),
        var other => throw Wrong(key, other, "true or false"),
    };

    public string Text(string key, string otherwise) => Node(key) switch
    {
        null => otherwise,
        JsonValue value when value.GetValueKind() == JsonValueKind.String => value.GetValue<string>(),
        var other => throw Wrong(key, other, "text"),
    };

    /// <summary>A nested object, null where the key is missing or null.</summary>
    public HubConfig? Object(string key) => Node(key) switch
    {
        null => null,
        JsonObject inner => _inner.TryGetValue(NameOf(key), out var known) ? known : _inner[NameOf(key)] = new(inner, $"{File}: {key}"),
        var other => throw Wrong(key, other, "an object"),
    };

    /// <summary>A list, null where the key is missing, null or no list.</summary>
    public JsonArray? List(string key) => Node(key) as JsonArray;

    /// <summary>Refuses a setting that changes the computation and that we do not compute.</summary>
    public void Only(string key, params ReadOnlySpan<string> supported)
    {
        // it cannot say anything else, so it may stay as it is
        if ((Json[NameOf(key)] ?? _defaults.GetValueOrDefault(key)) is { } value && !supported.Contains(Show(value)))
        {
            throw new UserError($"'{NameOf(key)}' is {Short(Show(value))}, which is not supported yet", File, $"supported: {string.Join(", ", supported.ToArray())}");
        }
    }

    /// <summary>A name out of a table.</summary>
    public T Choice<T>(string key, string otherwise, IReadOnlyDictionary<string, T> choices)
    {
        var name = Text(key, otherwise);
        return choices.TryGetValue(name, out var choice) ? choice : throw new UserError(
            $"'{NameOf(key)}' is '{Short(name)}', which is not supported", File, $"supported: {string.Join(", ", choices.Keys.Order(StringComparer.Ordinal))}");
    }

    /// <summary>Number of classes: <c>id2label</c>, <c>num_labels</c>, or 2 as the hub has it.</summary>
    public int Classes() => Json["id2label"] is JsonObject { Count: > 0 } labels ? labels.Count : Size("num_labels", 2);

    /// <summary>Keys that nobody has asked for so far, but for those that are ours to write.</summary>
    internal UnreadKeys Unread() => new(
        new(Json.Where(pair => !_read.Contains(pair.Key) && !s_own.Contains(pair.Key)).Select(pair => KeyValuePair.Create(pair.Key, pair.Value?.DeepClone()))),
        _inner.Where(pair => pair.Key != HubFolder.SettingsKey).ToImmutableSortedDictionary(pair => pair.Key, pair => pair.Value.Unread(), StringComparer.Ordinal));

    private HubConfig View(Dictionary<string, string> names, Dictionary<string, JsonNode> defaults) =>
        new(Json, File) { _read = _read, _inner = _inner, _notes = _notes, _names = names, _defaults = defaults };

    /// <summary>The family's own name of a key where the file has it.</summary>
    private string NameOf(string key) => _names.TryGetValue(key, out var own) && (Json.ContainsKey(own) || !Json.ContainsKey(key)) ? own : key;

    private JsonNode? Node(string key)
    {
        var name = NameOf(key);
        _read.Add(name);
        return Json[name] ?? _defaults.GetValueOrDefault(key);
    }

    private double? Number(string key, string kind, bool whole, double min, double max)
    {
        var node = Node(key);
        if (node is null)
        {
            return null;
        }

        if (node is not JsonValue value || value.GetValueKind() != JsonValueKind.Number
            || !double.TryParse(value.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) || !double.IsFinite(number) || (whole && number != Math.Truncate(number)))
        {
            throw Wrong(key, node, kind);
        }

        return number >= min && number <= max ? number : throw Wrong(key, node, $"{kind} from {min} to {max}");
    }

    private UserError Missing(string key) => new($"lacks '{NameOf(key)}'", File, "the model's configuration is incomplete");

    private UserError Wrong(string key, JsonNode node, string right) => new($"'{NameOf(key)}' is {Short(Show(node))}", File, $"it has to be {right}");

    private static string Show(JsonNode node) => node is JsonValue value && value.GetValueKind() == JsonValueKind.String
        ? string.Concat(value.GetValue<string>().Select(c => char.IsControl(c) ? '\u00b7' : c))
        : node.ToJsonString();

    /// <summary>A text of the file, fit for one line of a message.</summary>
    internal static string Short(string text) => new([.. text.Take(60).Select(c => char.IsControl(c) ? '\u00b7' : c), .. text.Length <= 60 ? "" : "\u2026"]);
}
