using System.ComponentModel.DataAnnotations;
using System.Globalization;
using YamlDotNet.RepresentationModel;

namespace Heirloom.Core;

/// <summary>Binds the nodes of a document to types; every refusal says where, and what would be right.</summary>
internal sealed class SettingsBinder(SettingsText document)
{
    public object Bind(Type type) => Bind(type, document.Root, "") ?? throw new UserError("is empty", document.Where(document.Root));

    private object? Bind(Type type, YamlNode node, string name)
    {
        if (Nullable.GetUnderlyingType(type) is { } inner)
        {
            return SettingsScalars.IsNull(node) ? null : Bind(inner, node, name);
        }

        if (SettingsScalars.Handles(type))
        {
            return SettingsScalars.Read(type, node, out var mend)
                ?? throw new UserError($"{Quoted(name)} must be {SettingsScalars.Describe(type)}, not {Show(node)}", document.Where(node), mend);
        }

        return SettingsCollections.ItemOf(type) is { } item ? BindList(type, item, node, name)
            : SettingsCollections.ValueOf(type) is { } value ? BindMap(type, value, node, name)
            : typeof(Kinded).IsAssignableFrom(type) ? BindKinded(type, node, name)
            : type is { IsAbstract: false, IsInterface: false } && type != typeof(object) ? BindRecord(type, Map(node, name), name)
            : throw new NotSupportedException($"{type} (at '{name}') cannot be bound: use a record, a Kinded root, a list or a scalar");
    }

    private object BindKinded(Type root, YamlNode node, string name)
    {
        var map = Map(node, name);
        var kinds = Settings.Kinds(root);
        var chosen = map.Children.FirstOrDefault(c => c.Key is YamlScalarNode { Value: "kind" }).Value;
        if (chosen is null)
        {
            return !root.IsAbstract ? BindRecord(root, map, name)
                : throw new UserError($"{Quoted(name)} lacks 'kind'", document.Where(map), $"valid: {string.Join(", ", kinds.Keys)}");
        }

        return chosen is YamlScalarNode { Value: { } kind } && kinds.TryGetValue(kind, out var type)
            ? BindRecord(type, map, name)
            : throw new UserError($"unknown kind {Show(chosen)} of {Quoted(name)}", document.Where(chosen), UserError.Nearest((chosen as YamlScalarNode)?.Value ?? "", kinds.Keys));
    }

    private object BindRecord(Type type, YamlMappingNode map, string name)
    {
        var shape = SettingsShape.Of(type);
        var values = new Dictionary<SettingsKey, object?>();
        foreach (var (keyNode, node) in map.Children)
        {
            var typed = (keyNode as YamlScalarNode)?.Value ?? throw new UserError("a key must be a plain name", document.Where(keyNode));
            if (typed == "kind" && typeof(Kinded).IsAssignableFrom(type))
            {
                continue;
            }

            var key = shape.Keys.FirstOrDefault(k => k.Name == typed)
                ?? throw new UserError($"unknown key '{typed}'{(name.Length > 0 ? $" in '{name}'" : "")}", document.Where(keyNode), Suggest(typed, shape));
            var path = name.Length > 0 ? $"{name}.{typed}" : typed;
            if (SettingsScalars.IsNull(node) && !key.Nullable && key.Property.PropertyType != typeof(string))
            {
                throw new UserError($"'{path}' must not be null", document.Where(node), key.Required ? "give a value" : "give a value or leave the key out");
            }

            var value = key.Nullable && SettingsScalars.IsNull(node) ? null : Bind(key.Property.PropertyType, node, path);
            Check(key, value, node, path);
            values[key] = value;
        }

        if (shape.Keys.FirstOrDefault(k => k.Required && !values.ContainsKey(k)) is { } missing)
        {
            throw new UserError($"{Quoted(name)} lacks the required key '{missing.Name}'", document.Where(map), $"add '{missing.Name}: …' ({Describe(missing.Property.PropertyType)})");
        }

        return shape.Make(values);
    }

    private object BindList(Type type, Type item, YamlNode node, string name)
    {
        var list = node as YamlSequenceNode
            ?? throw new UserError($"{Quoted(name)} must be a list, not {Show(node)}", document.Where(node), "write [a, b] or one '- item' per line");
        return SettingsCollections.MakeList(type, item, list.Children.Select((child, i) => NotNull(item, child, $"{name}[{i}]")));
    }

    private object BindMap(Type type, Type value, YamlNode node, string name) => SettingsCollections.MakeMap(type, value, Map(node, name).Children.Select(c =>
    {
        var key = (c.Key as YamlScalarNode)?.Value ?? throw new UserError("a key must be a plain name", document.Where(c.Key));
        return KeyValuePair.Create(key, NotNull(value, c.Value, $"{name}.{key}"));
    }));

    private object NotNull(Type type, YamlNode node, string name) =>
        Bind(type, node, name) ?? throw new UserError($"'{name}' must not be null", document.Where(node));

    private YamlMappingNode Map(YamlNode node, string name) => node as YamlMappingNode
        ?? (SettingsScalars.IsNull(node) && name.Length == 0 ? new YamlMappingNode() : null)
        ?? throw new UserError($"{Quoted(name)} must be a group of 'key: value' lines, not {Show(node)}", document.Where(node));

    private void Check(SettingsKey key, object? value, YamlNode node, string path)
    {
        foreach (var rule in key.Rules.Where(_ => value is not null))
        {
            if (rule is RangeAttribute range)
            {
                // a list's range is that of its items
                foreach (var number in value is System.Collections.IEnumerable and not string ? ((System.Collections.IEnumerable)value).Cast<object>() : [value!])
                {
                    CheckRange(range, number, node, path);
                }
            }
            else if (!rule.IsValid(value))
            {
                throw new UserError(rule.FormatErrorMessage(path).TrimEnd('.'), document.Where(node));
            }
        }
    }

    private void CheckRange(RangeAttribute range, object value, YamlNode node, string path)
    {
        var (number, low, high) = (ToDouble(value), ToDouble(range.Minimum), ToDouble(range.Maximum));
        if ((range.MinimumIsExclusive ? number > low : number >= low) && (range.MaximumIsExclusive ? number < high : number <= high))
        {
            return;
        }

        var lowText = $"{(range.MinimumIsExclusive ? "more than" : "at least")} {range.Minimum}";
        var highText = $"{(range.MaximumIsExclusive ? "less than" : "at most")} {range.Maximum}";
        var bounds = high >= int.MaxValue ? lowText : low <= int.MinValue ? highText : $"{lowText} and {highText}";
        throw new UserError($"'{path}' must be {bounds}, not {Convert.ToString(value, CultureInfo.InvariantCulture)}", document.Where(node));
    }

    private static double ToDouble(object value) => Convert.ToDouble(value, CultureInfo.InvariantCulture);

    private static string Suggest(string typed, SettingsShape shape) =>
        shape.Keys.Count == 0 ? "it takes no keys" : UserError.Nearest(typed, shape.Keys.Select(k => k.Name));

    private static string Describe(Type type) => Nullable.GetUnderlyingType(type) is { } inner ? Describe(inner)
        : SettingsScalars.Handles(type) ? SettingsScalars.Describe(type)
        : SettingsCollections.ItemOf(type) is not null ? "a list"
        : typeof(Kinded).IsAssignableFrom(type) && type.IsAbstract ? $"kind: {string.Join(" | ", Settings.Kinds(type).Keys)}"
        : "a group of keys";

    private static string Quoted(string name) => name.Length == 0 ? "the file" : $"'{name}'";

    private static string Show(YamlNode node) => node switch
    {
        _ when SettingsScalars.IsNull(node) => "null",
        YamlScalarNode scalar => $"'{scalar.Value}'",
        YamlSequenceNode => "a list",
        _ => "a group of keys",
    };
}
