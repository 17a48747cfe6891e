using System.Collections.Frozen;
using System.Reflection;

namespace Heirloom.Encoding.Stages;

/// <summary>The stages in the loaded Heirloom assemblies, found by reflection.</summary>
internal static class StageTypes
{
    /// <summary>The five kinds of stage with the key that holds each in <c>tokenizer.json</c>.</summary>
    public static IReadOnlyList<(Type Kind, string Key)> Kinds { get; } =
    [
        (typeof(INormalizer), "normalizer"), (typeof(IPreTokenizer), "pre_tokenizer"), (typeof(ITokenModel), "model"),
        (typeof(IPostProcessor), "post_processor"), (typeof(IDecoder), "decoder"),
    ];

    private static readonly FrozenDictionary<(Type Kind, string Name), Type> Types =
    (
        from assembly in AppDomain.CurrentDomain.GetAssemblies()
        where assembly.GetName().Name?.StartsWith(nameof(Heirloom), StringComparison.Ordinal) == true
        from type in assembly.GetTypes()
        let name = NameOf(type)
        where name is not null
        from kind in Kinds
        where kind.Kind.IsAssignableFrom(type)
        select KeyValuePair.Create((kind.Kind, name), type)
    ).ToFrozenDictionary();

    public static string? NameOf(Type type) => type.GetCustomAttribute<StageAttribute>()?.Type;

    public static Type? Find(Type kind, string name) => Types.GetValueOrDefault((kind, name));

    public static IEnumerable<string> Names(Type kind) => Types.Keys.Where(k => k.Kind == kind).Select(k => k.Name);
}
