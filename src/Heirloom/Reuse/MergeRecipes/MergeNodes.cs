using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Heirloom.Reuse.MergeRecipes;

/// <summary>YAML nodes as what they have to be, or an error that says where they are not.</summary>
internal sealed class MergeNodes(SettingsText document)
{
    public UserError Wrong(YamlNode? node, string what, string? mend = null) => new(what, document.Where(node ?? document.Root), mend);

    /// <summary>The keys of a group, all of them known.</summary>
    public Dictionary<string, YamlNode> Keys(YamlNode node, string name, params ReadOnlySpan<string> known)
    {
        var (keys, valid) = (new Dictionary<string, YamlNode>(), known.ToArray());
        foreach (var (key, value) in Pairs(node, name))
        {
            var typed = Name(key);
            if (!valid.Contains(typed))
            {
                throw Wrong(key, $"unknown key '{typed}' in {name}", UserError.Nearest(typed, valid));
            }

            keys[typed] = value;
        }

        return keys;
    }

    /// <summary>A group with names of the user's own.</summary>
    public IEnumerable<KeyValuePair<string, YamlNode>> Map(YamlNode node, string name) => Pairs(node, $"'{name}'").Select(p => KeyValuePair.Create(Name(p.Key), p.Value));

    public IList<YamlNode> List(YamlNode node, string name) => (node as YamlSequenceNode)?.Children ?? throw Wrong(node, $"'{name}' must be a list");

    public string Text(YamlNode node, string name) => node is YamlScalarNode { Value: { Length: > 0 } text } && !SettingsScalars.IsNull(node) ? text : throw Wrong(node, $"'{name}' must be text");

    public int Whole(YamlNode node, string name) => node is YamlScalarNode { Value: { } text } && int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole)
        ? whole
        : throw Wrong(node, $"'{name}' must be a whole number");

    /// <summary>A number, or a flag in any of YAML's spellings.</summary>
    public object NumberOrFlag(YamlNode node, string name) => node is YamlScalarNode { Style: ScalarStyle.Plain, Value: { } text }
        ? text switch
        {
            "true" or "True" or "TRUE" or "yes" or "Yes" or "on" => true,
            "false" or "False" or "FALSE" or "no" or "No" or "off" => false,
            _ => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : throw NoNumber(node, name),
        }
        : throw NoNumber(node, name);

    private UserError NoNumber(YamlNode node, string name) => Wrong(node, $"'{name}' must be a number, true or false, a list of numbers over the layers, or a list of choices with 'filter' and 'value'");

    private IEnumerable<KeyValuePair<YamlNode, YamlNode>> Pairs(YamlNode node, string name) => node as YamlMappingNode ?? throw Wrong(node, $"{name} must be a group of 'key: value' lines");

    private string Name(YamlNode key) => (key as YamlScalarNode)?.Value ?? throw Wrong(key, "a key must be a plain name");
}
