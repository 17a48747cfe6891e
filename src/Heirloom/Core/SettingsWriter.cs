using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Heirloom.Core;

/// <summary>Writes settings in the one form that <see cref="Settings.Hash"/> rests on.</summary>
internal static class SettingsWriter
{
    public static string Write(object settings)
    {
        var text = new StringWriter { NewLine = "\n" };
        var emitter = new Emitter(text, new EmitterSettings(bestIndent: 2, bestWidth: int.MaxValue, isCanonical: false, maxSimpleKeyLength: 1024, newLine: "\n"));
        emitter.Emit(new StreamStart());
        emitter.Emit(new DocumentStart(null, null, isImplicit: true));
        Write(emitter, settings);
        emitter.Emit(new DocumentEnd(isImplicit: true));
        emitter.Emit(new StreamEnd());
        return text.ToString().TrimEnd('\n') + "\n";
    }

    private static void Write(Emitter emitter, object? value)
    {
        switch (value)
        {
            case null:
                Scalar(emitter, "null", ScalarStyle.Plain);
                break;
            case string text:
                Scalar(emitter, text, IsPlain(text) ? ScalarStyle.Plain : ScalarStyle.DoubleQuoted);
                break;
            case var scalar when SettingsScalars.Handles(scalar.GetType()):
                Scalar(emitter, SettingsScalars.Write(scalar), ScalarStyle.Plain);
                break;
            case var list when IsList(list.GetType()):
                var items = SettingsCollections.Items(list).ToList();
                var flow = items.All(i => i is null || SettingsScalars.Handles(i.GetType()));
                emitter.Emit(new SequenceStart(null, null, isImplicit: true, flow ? SequenceStyle.Flow : SequenceStyle.Block));
                items.ForEach(i => Write(emitter, i));
                emitter.Emit(new SequenceEnd());
                break;
            case System.Collections.IEnumerable map:
                Map(emitter, SettingsCollections.Pairs(map));
                break;
            default:
                var kind = value is Kinded ? [KeyValuePair.Create("kind", (object?)Settings.KindOf(value.GetType()))] : Array.Empty<KeyValuePair<string, object?>>();
                Map(emitter, kind.Concat(SettingsShape.Of(value.GetType()).Keys.Select(k => KeyValuePair.Create(k.Name, k.Property.GetValue(value)))));
                break;
        }
    }

    private static void Map(Emitter emitter, IEnumerable<KeyValuePair<string, object?>> pairs)
    {
        var all = pairs.ToList();
        emitter.Emit(new MappingStart(null, null, isImplicit: true, all.Count == 0 ? MappingStyle.Flow : MappingStyle.Block));
        foreach (var (key, value) in all)
        {
            Write(emitter, key);
            Write(emitter, value);
        }

        emitter.Emit(new MappingEnd());
    }

    private static bool IsList(Type type) => SettingsCollections.ItemOf(type) is not null || type.GetInterfaces().All(i => i != typeof(System.Collections.IDictionary)) && typeof(System.Collections.IList).IsAssignableFrom(type);

    private static void Scalar(Emitter emitter, string text, ScalarStyle style) =>
        emitter.Emit(new Scalar(null, null, text, style, isPlainImplicit: style == ScalarStyle.Plain, isQuotedImplicit: style != ScalarStyle.Plain));

    /// <summary>Text that no reader takes for a number, a flag, null or structure.</summary>
    private static bool IsPlain(string text) =>
        text.Length > 0 && text is not ("null" or "true" or "false" or "yes" or "no" or "on" or "off")
        && char.IsAsciiLetter(text[0]) && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.' or '/' or '+');
}
