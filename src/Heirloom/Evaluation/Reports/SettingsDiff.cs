using YamlDotNet.RepresentationModel;

namespace Heirloom.Evaluation.Reports;

/// <summary>What differs between the settings of runs, by dotted key.</summary>
public static class SettingsDiff
{
    private const string Absent = "–";

    /// <summary>Keys on which the documents do not agree, with each one's value ("–" where it has none). Nothing and null are the same.</summary>
    public static IReadOnlyList<(string Key, IReadOnlyList<string> Values)> Of(params IReadOnlyList<string> yaml)
    {
        var flat = yaml.Select(Flatten).ToList();
        return [.. flat.SelectMany(f => f.Keys).Distinct().Order(StringComparer.Ordinal)
            .Select(key => (key, (IReadOnlyList<string>)[.. flat.Select(f => f.GetValueOrDefault(key, Absent))]))
            .Where(d => d.Item2.Select(v => v is "null" or "[]" ? Absent : v).Distinct().Count() > 1)];
    }

    private static Dictionary<string, string> Flatten(string yaml)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(yaml));
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        if (stream.Documents.Count > 0)
        {
            Walk(stream.Documents[0].RootNode, "", values);
        }

        return values;
    }

    private static void Walk(YamlNode node, string path, Dictionary<string, string> values)
    {
        switch (node)
        {
            case YamlMappingNode map:
                foreach (var (key, value) in map.Children)
                {
                    Walk(value, path.Length == 0 ? key.ToString() : $"{path}.{key}", values);
                }

                break;
            case YamlSequenceNode list when list.Children.Any(c => c is not YamlScalarNode):
                for (var i = 0; i < list.Children.Count; i++)
                {
                    Walk(list.Children[i], $"{path}[{i}]", values);
                }

                break;
            case YamlSequenceNode list:
                values[path] = $"[{string.Join(", ", list.Children)}]";
                break;
            default:
                values[path] = node.ToString();
                break;
        }
    }
}
