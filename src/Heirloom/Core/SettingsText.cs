using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Heirloom.Core;

/// <summary>A YAML document that knows where each of its nodes was written: a line of a file or an option on the command line.</summary>
internal sealed class SettingsText
{
    private readonly string _name;
    private readonly Dictionary<YamlNode, string> _options = new(ReferenceEqualityComparer.Instance);

    private SettingsText(string name, YamlNode root)
    {
        _name = name;
        Root = root;
    }

    public YamlNode Root { get; private set; }

    /// <summary><c>file:line:column</c>, or the option that set the node.</summary>
    public string Where(YamlNode node) => _options.TryGetValue(node, out var option) ? option
        : node.Start.Line > 0 ? $"{_name}:{node.Start.Line}:{node.Start.Column}" : _name;

    public static string ReadFile(string path)
    {
        if (!File.Exists(path))
        {
            throw new UserError(Directory.Exists(path) ? "is a folder, not a settings file" : "no such file", path);
        }

        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"cannot read: {e.Message}", path, inner: e);
        }

        try
        {
            return new System.Text.UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
        }
        catch (System.Text.DecoderFallbackException e)
        {
            var line = bytes.AsSpan(0, Math.Clamp(e.Index, 0, bytes.Length)).Count((byte)'\n') + 1;
            throw new UserError("is not UTF-8 text", $"{path}:{line}", "save it as UTF-8", e);
        }
    }

    public static SettingsText Parse(string yaml, string name)
    {
        var node = ParseNode(yaml, (mark, message) => new UserError(message, mark.Line > 0 ? $"{name}:{mark.Line}:{mark.Column}" : name));
        return new(name, node);
    }

    /// <summary>Applies <c>a.b=c</c>; maps on the way are made where they are missing.</summary>
    public void Override(string change)
    {
        var option = $"--set {change}";
        var split = change.IndexOf('=', StringComparison.Ordinal);
        if (split <= 0)
        {
            throw new UserError("is not of the form key=value", option, "write --set a.b=c");
        }

        var value = ParseNode(change[(split + 1)..], (_, message) => new UserError($"the value is not YAML: {message}", option));
        if (change[(split + 1)..].Trim().Length == 0)
        {
            value = new YamlScalarNode("") { Style = ScalarStyle.Plain };
        }

        Mark(value, option);
        var path = change[..split].Split('.', StringSplitOptions.TrimEntries);
        if (path.Any(p => p.Length == 0))
        {
            throw new UserError("the key has an empty part", option, "write --set a.b=c");
        }

        Root = Put(Root, path, value, option, "");
    }

    private YamlNode Put(YamlNode node, ReadOnlySpan<string> path, YamlNode value, string option, string walked)
    {
        if (path.IsEmpty)
        {
            return value;
        }

        var key = path[0];
        switch (node)
        {
            case YamlSequenceNode list:
                if (!int.TryParse(key, out var index) || index < 0 || index >= list.Children.Count)
                {
                    throw new UserError($"'{walked}' is a list of {list.Children.Count}", option, $"'{key}' must be an index from 0 to {list.Children.Count - 1}");
                }

                list.Children[index] = Put(list.Children[index], path[1..], value, option, $"{walked}.{key}".TrimStart('.'));
                return list;
            case YamlMappingNode map:
                var existing = map.Children.FirstOrDefault(c => c.Key is YamlScalarNode s && s.Value == key);
                if (existing.Key is null)
                {
                    var added = new YamlScalarNode(key);
                    _options[added] = option;
                    map.Children[added] = Put(Empty(option), path[1..], value, option, $"{walked}.{key}".TrimStart('.'));
                }
                else
                {
                    map.Children[existing.Key] = Put(existing.Value, path[1..], value, option, $"{walked}.{key}".TrimStart('.'));
                }

                return map;
            default:
                // a scalar (often null) gives way to a map that holds the new key
                return Put(Empty(option), path, value, option, walked);
        }
    }

    private YamlMappingNode Empty(string option)
    {
        var map = new YamlMappingNode();
        _options[map] = option;
        return map;
    }

    private void Mark(YamlNode node, string option)
    {
        foreach (var part in node.AllNodes)
        {
            _options[part] = option;
        }
    }

    private static YamlNode ParseNode(string yaml, Func<Mark, string, UserError> error)
    {
        var stream = new YamlStream();
        try
        {
            stream.Load(new StringReader(yaml));
        }
        catch (YamlException e)
        {
            throw error(e.Start, OneLine(e.InnerException?.Message ?? e.Message));
        }

        return stream.Documents.Count switch
        {
            0 => new YamlMappingNode(),
            1 => stream.Documents[0].RootNode,
            _ => throw error(stream.Documents[1].RootNode.Start, "a second document begins here; one file holds one document"),
        };
    }

    private static string OneLine(string message) =>
        message.StartsWith("Duplicate key ", StringComparison.Ordinal) ? $"duplicate key '{message["Duplicate key ".Length..]}'" : message.ReplaceLineEndings(" ").TrimEnd('.');
}
