using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;

namespace Heirloom.Core;

/// <summary>
/// YAML bound straight into records, and back. Strict: unknown, missing, duplicate, ill-typed and out-of-range keys are refused with file, line and the
/// nearest valid name. Keys are the properties' names in snake case; <c>required</c> members must be there; the rest keep their initializers.
/// </summary>
public static class Settings
{
    /// <summary>Reads a file.</summary>
    /// <param name="path">A YAML file (JSON is YAML too).</param>
    /// <param name="overrides">Changes of the form <c>a.b=c</c>, as <c>--set</c> takes them; list items by index (<c>sources.0.path=x</c>).</param>
    /// <exception cref="UserError">No such file, not UTF-8, not YAML, or not what <typeparamref name="T"/> takes.</exception>
    public static T Load<T>(string path, IEnumerable<string>? overrides = null) => Parse<T>(SettingsText.ReadFile(path), path, overrides);

    /// <summary>Reads YAML text; <paramref name="name"/> stands for the file in errors.</summary>
    /// <inheritdoc cref="Load{T}"/>
    public static T Parse<T>(string yaml, string name, IEnumerable<string>? overrides = null) => (T)Parse(typeof(T), yaml, name, overrides);

    /// <inheritdoc cref="Parse{T}"/>
    public static object Parse(Type type, string yaml, string name, IEnumerable<string>? overrides = null)
    {
        var document = SettingsText.Parse(yaml, name);
        foreach (var change in overrides ?? [])
        {
            document.Override(change);
        }

        return new SettingsBinder(document).Bind(type);
    }

    /// <summary>Every setting, defaults included, in the order of declaration (base first), <c>kind</c> before the rest.</summary>
    public static string ToYaml(object settings) => SettingsWriter.Write(settings);

    /// <summary>Names a value of settings by content: the first 16 hex digits of the SHA-256 of its YAML.</summary>
    public static string Hash(object settings) =>
        Convert.ToHexStringLower(SHA256.HashData(TextEncoding.UTF8.GetBytes(ToYaml(settings))))[..16];

    /// <summary>The <c>kind</c> of a record: <see cref="KindAttribute"/>, or the type's name in snake case without "Config".</summary>
    public static string KindOf(Type type) =>
        type.GetCustomAttribute<KindAttribute>(inherit: false)?.Name
        ?? SnakeCase(type.Name.EndsWith("Config", StringComparison.Ordinal) && type.Name.Length > 6 ? type.Name[..^6] : type.Name);

    /// <summary>The concrete records under a root, by kind, over all loaded Heirloom assemblies; private ones are their owner's own affair.</summary>
    public static IReadOnlyDictionary<string, Type> Kinds(Type root)
    {
        var kinds = new SortedDictionary<string, Type>(StringComparer.Ordinal);
        foreach (var type in LoadedTypes().Where(t => t is { IsAbstract: false, IsGenericTypeDefinition: false, IsNestedPrivate: false } && root.IsAssignableFrom(t)))
        {
            if (!kinds.TryAdd(KindOf(type), type))
            {
                throw new InvalidOperationException($"{type} and {kinds[KindOf(type)]} have the same kind '{KindOf(type)}' under {root}; give one of them [Kind]");
            }
        }

        return kinds;
    }

    /// <summary><c>MaskedLM</c> is <c>masked_lm</c>, <c>RMSNorm</c> is <c>rms_norm</c>, <c>L2Norm</c> is <c>l2_norm</c>, <c>Conv2D</c> is <c>conv2d</c>.</summary>
    public static string SnakeCase(string name)
    {
        var text = new System.Text.StringBuilder();
        for (var i = 0; i < name.Length; i++)
        {
            var lowerFollows = i + 1 < name.Length && char.IsLower(name[i + 1]);
            if (i > 0 && char.IsUpper(name[i]) && name[i - 1] != '_' && (char.IsLower(name[i - 1]) || lowerFollows))
            {
                text.Append('_');
            }

            text.Append(char.ToLower(name[i], CultureInfo.InvariantCulture));
        }

        return text.ToString();
    }

    private static IEnumerable<Type> LoadedTypes() => AppDomain.CurrentDomain.GetAssemblies()
        .Where(a => a.GetName().Name is { } name && (name == "Heirloom" || name.StartsWith("Heirloom.", StringComparison.Ordinal)))
        .SelectMany(a => a.GetTypes());
}
