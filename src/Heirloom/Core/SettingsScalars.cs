using System.Globalization;
using System.Reflection;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Heirloom.Core;

/// <summary>Scalars of settings and how YAML writes them.</summary>
internal static class SettingsScalars
{
    private static readonly Type[] s_whole = [typeof(int), typeof(long), typeof(uint), typeof(ulong), typeof(short), typeof(ushort), typeof(byte), typeof(sbyte)];
    private static readonly Type[] s_real = [typeof(double), typeof(float), typeof(decimal)];

    public static bool Handles(Type type) => type.IsEnum || type == typeof(string) || type == typeof(bool) || type == typeof(TimeSpan) || type == typeof(Seed)
        || s_whole.Contains(type) || s_real.Contains(type);

    public static bool IsNull(YamlNode node) => node is YamlScalarNode { Style: ScalarStyle.Plain or ScalarStyle.Any } s && s.Value is null or "" or "null" or "~";

    public static string Describe(Type type) => type switch
    {
        { IsEnum: true } => $"one of {string.Join(", ", EnumNames(type).Keys)}",
        _ when type == typeof(string) => "text",
        _ when type == typeof(bool) => "true or false",
        _ when type == typeof(TimeSpan) => "a duration (90s, 5m, 2h, 1d or hh:mm:ss)",
        _ when type == typeof(ulong) || type == typeof(uint) || type == typeof(byte) || type == typeof(Seed) => "a whole number from 0 up",
        _ when s_whole.Contains(type) => "a whole number",
        _ => "a number",
    };

    /// <summary>The value, or null where the node is none of that type.</summary>
    public static object? Read(Type type, YamlNode node, out string? mend)
    {
        mend = null;
        if (node is not YamlScalarNode { Value: { } text } scalar || (IsNull(node) && type != typeof(string)))
        {
            return null;
        }

        if (type == typeof(string))
        {
            return IsNull(node) ? null : text;
        }

        if (type.IsEnum)
        {
            var names = EnumNames(type);
            mend = UserError.Nearest(Settings.SnakeCase(text), names.Keys) is var near && near.StartsWith("did", StringComparison.Ordinal) ? near : null;
            return names.GetValueOrDefault(text);
        }

        // a quoted 3 is text, not a number
        return scalar.Style is not (ScalarStyle.Plain or ScalarStyle.Any) ? null
            : type == typeof(bool) ? text switch { "true" => true, "false" => false, _ => null }
            : type == typeof(TimeSpan) ? Duration(text)
            : type == typeof(Seed) ? Number(typeof(ulong), text) is ulong value ? new Seed(value) : null
            : Number(type, text);
    }

    public static string Write(object value) => value switch
    {
        bool b => b ? "true" : "false",
        Enum e => EnumNames(e.GetType()).First(n => n.Value.Equals(e)).Key,
        double d => Real(d, d.ToString("R", CultureInfo.InvariantCulture)),
        float f => Real(f, f.ToString("R", CultureInfo.InvariantCulture)),
        TimeSpan t => t.ToString("c", CultureInfo.InvariantCulture),
        Seed s => s.Value.ToString(CultureInfo.InvariantCulture),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    /// <summary>The members of an enum by their YAML names.</summary>
    public static IReadOnlyDictionary<string, object> EnumNames(Type type) => type.GetFields(BindingFlags.Public | BindingFlags.Static)
        .ToDictionary(f => f.GetCustomAttribute<KindAttribute>()?.Name ?? Settings.SnakeCase(f.Name), f => f.GetValue(null)!);

    private static object? Number(Type type, string text)
    {
        if (s_real.Contains(type))
        {
            var special = text switch { ".inf" or "+.inf" => double.PositiveInfinity, "-.inf" => double.NegativeInfinity, ".nan" => double.NaN, _ => (double?)null };
            var style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
            return type == typeof(decimal)
                ? decimal.TryParse(text, style, CultureInfo.InvariantCulture, out var exact) ? exact : null
                : special is { } s ? Convert.ChangeType(s, type, CultureInfo.InvariantCulture)
                : !text.Any(char.IsAsciiLetterUpper) || text.Contains('E', StringComparison.Ordinal)
                    ? type == typeof(float)
                        ? float.TryParse(text, style, CultureInfo.InvariantCulture, out var single) && float.IsFinite(single) ? single : null
                        : double.TryParse(text, style, CultureInfo.InvariantCulture, out var real) && double.IsFinite(real) ? real : null
                    : null;
        }

        // 10_000 reads better than 10000
        if (!Int128.TryParse(text.Replace("_", "", StringComparison.Ordinal), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole))
        {
            return null;
        }

        try
        {
            return type switch
            {
                _ when type == typeof(int) => checked((int)whole),
                _ when type == typeof(long) => checked((long)whole),
                _ when type == typeof(uint) => checked((uint)whole),
                _ when type == typeof(ulong) => checked((ulong)whole),
                _ when type == typeof(short) => checked((short)whole),
                _ when type == typeof(ushort) => checked((ushort)whole),
                _ when type == typeof(byte) => checked((byte)whole),
                _ => (object)checked((sbyte)whole),
            };
        }
        catch (OverflowException)
        {
            return null;
        }
    }

    private static TimeSpan? Duration(string text)
    {
        var unit = text[^1] switch { 's' => 1.0, 'm' => 60, 'h' => 3600, 'd' => 86400, _ => 0 };
        return unit > 0 && double.TryParse(text[..^1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count) && count * unit < 1e10
            ? TimeSpan.FromSeconds(count * unit)
            : text.Contains(':', StringComparison.Ordinal) && TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out var span) ? span : null;
    }

    private static string Real(double value, string text) =>
        double.IsNaN(value) ? ".nan" : double.IsPositiveInfinity(value) ? ".inf" : double.IsNegativeInfinity(value) ? "-.inf" : text;
}
