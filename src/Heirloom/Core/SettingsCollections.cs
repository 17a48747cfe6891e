using System.Collections;
using System.Collections.Immutable;

namespace Heirloom.Core;

/// <summary>Lists and string-keyed maps of settings.</summary>
internal static class SettingsCollections
{
    private static readonly Type[] s_lists = [typeof(ImmutableArray<>), typeof(IReadOnlyList<>), typeof(IReadOnlyCollection<>), typeof(IEnumerable<>), typeof(List<>), typeof(IList<>), typeof(ImmutableList<>)];
    private static readonly Type[] s_maps = [typeof(IReadOnlyDictionary<,>), typeof(IDictionary<,>), typeof(Dictionary<,>), typeof(ImmutableDictionary<,>), typeof(ImmutableSortedDictionary<,>), typeof(SortedDictionary<,>)];

    /// <summary>The type of a list's items, or null for what is no list.</summary>
    public static Type? ItemOf(Type type) => type.IsArray ? type.GetElementType()
        : type.IsGenericType && s_lists.Contains(type.GetGenericTypeDefinition()) ? type.GetGenericArguments()[0] : null;

    /// <summary>The type of a map's values, or null for what is no map from text.</summary>
    public static Type? ValueOf(Type type) => type.IsGenericType && s_maps.Contains(type.GetGenericTypeDefinition()) && type.GetGenericArguments()[0] == typeof(string)
        ? type.GetGenericArguments()[1] : null;

    public static object MakeList(Type type, Type item, IEnumerable<object> items) => Call(nameof(List), item, type, items);

    public static object MakeMap(Type type, Type value, IEnumerable<KeyValuePair<string, object>> pairs) => Call(nameof(Map), value, type, pairs);

    /// <summary>The items of a list; an unset <see cref="ImmutableArray{T}"/> is empty.</summary>
    public static IEnumerable<object?> Items(object list)
    {
        var type = list.GetType();
        var unset = type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ImmutableArray<>) && (bool)type.GetProperty("IsDefault")!.GetValue(list)!;
        return unset ? [] : ((IEnumerable)list).Cast<object?>();
    }

    /// <summary>The pairs of a map: in its own order where it has one, else by key.</summary>
    public static IEnumerable<KeyValuePair<string, object?>> Pairs(object map)
    {
        var pairs = ((IEnumerable)map).Cast<object>().Select(p =>
            KeyValuePair.Create((string)p.GetType().GetProperty("Key")!.GetValue(p)!, p.GetType().GetProperty("Value")!.GetValue(p)));
        return pairs.OrderBy(p => p.Key, StringComparer.Ordinal);
    }

    private static object Call(string method, Type argument, params object[] arguments)
    {
        try
        {
            return typeof(SettingsCollections).GetMethod(method, System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Static)!
                .MakeGenericMethod(argument).Invoke(null, arguments)!;
        }
        catch (System.Reflection.TargetInvocationException e) when (e.InnerException is UserError error)
        {
            throw error;
        }
    }

    private static object List<T>(Type type, IEnumerable<object> items)
    {
        var typed = items.Cast<T>();
        return !type.IsGenericType ? typed.ToArray()
            : type.GetGenericTypeDefinition() == typeof(List<>) || type.GetGenericTypeDefinition() == typeof(IList<>) ? typed.ToList()
            : type.GetGenericTypeDefinition() == typeof(ImmutableList<>) ? typed.ToImmutableList()
            : typed.ToImmutableArray();
    }

    private static object Map<T>(Type type, IEnumerable<KeyValuePair<string, object>> pairs)
    {
        var typed = pairs.Select(p => KeyValuePair.Create(p.Key, (T)p.Value));
        return type.GetGenericTypeDefinition() == typeof(ImmutableDictionary<,>) ? typed.ToImmutableDictionary(StringComparer.Ordinal)
            : type.GetGenericTypeDefinition() == typeof(SortedDictionary<,>) ? new SortedDictionary<string, T>(typed.ToDictionary(), StringComparer.Ordinal)
            : type.GetGenericTypeDefinition() == typeof(Dictionary<,>) || type.GetGenericTypeDefinition() == typeof(IDictionary<,>) ? typed.ToDictionary(StringComparer.Ordinal)
            : typed.ToImmutableSortedDictionary(StringComparer.Ordinal);
    }
}
