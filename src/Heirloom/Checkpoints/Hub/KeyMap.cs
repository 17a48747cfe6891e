using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;
using Heirloom.Layers;

namespace Heirloom.Checkpoints.Hub;

/// <summary>One of our parameters as the configuration wants it.</summary>
public sealed record OurTensor(string Name, ImmutableArray<long> Shape);

/// <summary>What it means that a file lacks a tensor. Whatever is not refused is reported.</summary>
public enum Absence
{
    /// <summary>The file is not that of the configuration.</summary>
    Refuse,

    /// <summary>The family's files of this task have no such part, and the task does not use it.</summary>
    Fresh,
}

/// <summary>One of the hub's tensors and what it is made of.</summary>
/// <param name="Hub">Its name in the file.</param>
/// <param name="Ours">Ours that it holds, in order.</param>
/// <param name="Transform">How.</param>
public sealed record KeyRule(string Hub, ImmutableArray<OurTensor> Ours, HubTransform Transform)
{
    /// <summary>What a file that lacks it means.</summary>
    public Absence WhenAbsent { get; init; }

    /// <summary>Shape in the file.</summary>
    public ImmutableArray<long> Shape => Transform.Shape(Shapes);

    internal IReadOnlyList<ImmutableArray<long>> Shapes => [.. Ours.Select(o => o.Shape)];
}

/// <summary>
/// Every tensor of a configuration, by its name in hub files and by ours, with shapes, all known before a model is built. Reading and writing go through the
/// same rules, so what is loaded and saved again is the same file.
/// </summary>
public sealed class KeyMap
{
    private readonly List<KeyRule> _rules = [];
    private readonly Dictionary<string, string> _copies = [];
    private readonly List<Regex> _ignored = [];
    private readonly List<(string Old, string New)> _legacy = [], _spellings = [];

    /// <param name="prefix">What a full model's names start with and a bare one's lack (<c>bert.</c>); empty for none.</param>
    public KeyMap(string prefix = "") => Prefix = prefix;

    public string Prefix { get; }

    public IReadOnlyList<KeyRule> Rules => _rules;

    /// <summary>Hub names that repeat another tensor (a tied head): not written, and refused when they differ.</summary>
    public IReadOnlyDictionary<string, string> Copies => _copies;

    /// <summary>One of ours under another name.</summary>
    public KeyMap Add(string ours, string hub, params ReadOnlySpan<long> shape) => Add(new KeyRule(hub, [new(ours, [.. shape])], Renamed.Instance));

    public KeyMap Add(KeyRule rule)
    {
        _rules.Add(rule);
        return this;
    }

    /// <summary>A linear layer: <c>weight</c> and, where it has one, <c>bias</c>.</summary>
    public KeyMap AddLinear(string ours, string hub, long inputs, long outputs, bool bias)
    {
        Add($"{ours}.weight", $"{hub}.weight", outputs, inputs);
        return bias ? Add($"{ours}.bias", $"{hub}.bias", outputs) : this;
    }

    /// <summary>A linear layer with a bias that the hub keeps as <c>[inputs, outputs]</c>.</summary>
    public KeyMap AddTransposed(string ours, string hub, long inputs, long outputs) =>
        Add(new KeyRule($"{hub}.weight", [new($"{ours}.weight", [outputs, inputs])], Transposed.Instance)).Add($"{ours}.bias", $"{hub}.bias", outputs);

    /// <summary>Query, key and value that the hub keeps in one, group by group: <c>weight</c> and, where they have one, <c>bias</c>.</summary>
    /// <param name="ours">Our attention.</param>
    /// <param name="hub">The hub's projection.</param>
    /// <param name="inputs">Width that it reads.</param>
    /// <param name="queries">Width of all queries.</param>
    /// <param name="keys">Width of all keys, and of all values.</param>
    /// <param name="groups">Into which they are divided.</param>
    /// <param name="bias">Whether there is one.</param>
    public KeyMap AddGrouped(string ours, string hub, long inputs, long queries, long keys, int groups, bool bias)
    {
        Add(new KeyRule($"{hub}.weight", QueryKeyValue(ours, "weight", queries, keys, inputs), new Grouped(groups)));
        return bias ? Add(new KeyRule($"{hub}.bias", QueryKeyValue(ours, "bias", queries, keys), new Grouped(groups))) : this;
    }

    /// <summary>Query, key, value and output projection of an attention whose keys and values come from its own width.</summary>
    /// <param name="ours">Our attention.</param>
    /// <param name="hub">Beginning of the hub's names.</param>
    /// <param name="names">Their ends.</param>
    /// <param name="block">Says widths and biases.</param>
    public KeyMap AddAttention(string ours, string hub, (string Query, string Key, string Value, string Output) names, TransformerBlockConfig block)
    {
        var (queries, keys) = HubBlocks.Widths(block);
        var attention = block.Attention;
        return AddLinear($"{ours}.query", $"{hub}.{names.Query}", block.Width, queries, attention.QueryBias)
            .AddLinear($"{ours}.key", $"{hub}.{names.Key}", block.Width, keys, attention.KeyBias)
            .AddLinear($"{ours}.value", $"{hub}.{names.Value}", block.Width, keys, attention.ValueBias)
            .AddLinear($"{ours}.output", $"{hub}.{names.Output}", queries, block.Width, attention.OutputBias);
    }

    /// <summary>What of ours a tensor holds that keeps query, key and value in one.</summary>
    /// <param name="ours">Our attention.</param>
    /// <param name="kind"><c>weight</c> or <c>bias</c>.</param>
    /// <param name="queries">Width of all queries.</param>
    /// <param name="keys">Width of all keys, and of all values.</param>
    /// <param name="inputs">Width that a weight reads; none for a bias.</param>
    internal static ImmutableArray<OurTensor> QueryKeyValue(string ours, string kind, long queries, long keys, params ReadOnlySpan<long> inputs) =>
        [new($"{ours}.query.{kind}", [queries, .. inputs]), new($"{ours}.key.{kind}", [keys, .. inputs]), new($"{ours}.value.{kind}", [keys, .. inputs])];

    /// <summary>Another map's rules, all with one meaning of absence, and its copies.</summary>
    public KeyMap AddAll(KeyMap other, Absence absence)
    {
        _rules.AddRange(other._rules.Select(rule => rule with { WhenAbsent = absence }));
        foreach (var (hub, of) in other._copies)
        {
            _copies.Add(hub, of);
        }

        return this;
    }

    /// <summary>A norm: <c>weight</c> and, where it has one, <c>bias</c>.</summary>
    public KeyMap AddNorm(string ours, string hub, long width, bool bias)
    {
        Add($"{ours}.weight", $"{hub}.weight", width);
        return bias ? Add($"{ours}.bias", $"{hub}.bias", width) : this;
    }

    /// <summary>A hub name that repeats another.</summary>
    public KeyMap Copy(string hub, string of)
    {
        _copies.Add(hub, of);
        return this;
    }

    /// <summary>Tensors that files hold and models compute (masks, position ids, frequencies).</summary>
    public KeyMap Ignore([StringSyntax(StringSyntaxAttribute.Regex)] string pattern)
    {
        _ignored.Add(new(pattern, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking));
        return this;
    }

    /// <summary>An ending that old files use.</summary>
    public KeyMap Legacy(string oldEnding, string newEnding)
    {
        _legacy.Add((oldEnding, newEnding));
        return this;
    }

    /// <summary>An ending that other files use, which are written as they came.</summary>
    public KeyMap Spelling(string theirs, string ours)
    {
        _spellings.Add((theirs, ours));
        return Legacy(theirs, ours);
    }

    /// <summary>Every parameter under its own name.</summary>
    public static KeyMap Identity(IEnumerable<OurTensor> tensors)
    {
        var map = new KeyMap();
        foreach (var tensor in tensors)
        {
            map.Add(new KeyRule(tensor.Name, [tensor], Renamed.Instance));
        }

        return map;
    }

    /// <summary>Finds the map's tensors among a file's.</summary>
    /// <exception cref="UserError">Two names in the file mean the same tensor.</exception>
    public KeyMatch Match(IReadOnlyDictionary<string, TensorEntry> entries, string file)
    {
        var known = _rules.Select(rule => rule.Hub).Concat(_copies.Keys).ToHashSet();
        var found = new Dictionary<string, string>();
        var unused = new List<string>();
        foreach (var name in entries.Keys.Order(StringComparer.Ordinal))
        {
            if (Canonical(name, known) is not { } hub)
            {
                unused.Add(name);
            }
            else if (!found.TryAdd(hub, name))
            {
                throw new UserError($"'{found[hub]}' and '{name}' both stand for '{hub}'", file, "remove one of them");
            }
        }

        // a file may hold a tied tensor under the name of its copy alone
        foreach (var (copy, original) in _copies)
        {
            if (!found.ContainsKey(original) && found.Remove(copy, out var name))
            {
                found.Add(original, name);
            }
        }

        return new(this, found, unused);
    }

    internal IReadOnlyList<(string Theirs, string Ours)> Spellings => _spellings;

    internal bool IsIgnored(string name) => _ignored.Any(pattern => pattern.IsMatch(name));

    /// <summary>The name that the map knows, for a name with an old ending, a wrapper's prefix or the wrong base prefix.</summary>
    private string? Canonical(string name, HashSet<string> known)
    {
        foreach (var candidate in Endings(name).SelectMany(Prefixes))
        {
            if (known.Contains(candidate))
            {
                return candidate;
            }
        }

        return null;
    }

    private IEnumerable<string> Endings(string name)
    {
        yield return name;
        foreach (var (old, replacement) in _legacy)
        {
            if (name.EndsWith(old, StringComparison.Ordinal))
            {
                yield return name[..^old.Length] + replacement;
            }
        }
    }

    private IEnumerable<string> Prefixes(string name)
    {
        yield return name;
        if (Prefix.Length > 0)
        {
            yield return Prefix + name;
            if (name.StartsWith(Prefix, StringComparison.Ordinal))
            {
                yield return name[Prefix.Length..];
            }
        }

        // wrappers such as "module." of data-parallel training
        var dot = name.IndexOf('.');
        if (dot > 0)
        {
            yield return name[(dot + 1)..];
            yield return Prefix + name[(dot + 1)..];
        }
    }
}

/// <summary>Where a map's tensors are in a file.</summary>
/// <param name="Map">The map.</param>
/// <param name="Found">Name in the file by the map's name.</param>
/// <param name="Unused">Names in the file that the map does not know.</param>
public sealed record KeyMatch(KeyMap Map, IReadOnlyDictionary<string, string> Found, IReadOnlyList<string> Unused)
{
    /// <summary>Those of the map's other spellings that the file has.</summary>
    internal ImmutableArray<(string Theirs, string Ours)> Spellings() =>
        [.. Map.Spellings.Where(s => Found.Any(f => f.Value.EndsWith(s.Theirs, StringComparison.Ordinal) && f.Key.EndsWith(s.Ours, StringComparison.Ordinal)))];
}
