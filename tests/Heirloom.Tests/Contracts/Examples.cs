using System.Reflection;
using Heirloom.Models;

namespace Heirloom.Tests.Contracts;

/// <summary>Finds the library's settings by reflection, and their examples.</summary>
internal static class Examples
{
    /// <summary>Settings are what a recipe may hold: records chosen by kind, and records named Config.</summary>
    public static IReadOnlyList<Type> Settings { get; } = [.. typeof(Seed).Assembly.GetTypes()
        .Where(t => t is { IsClass: true, IsAbstract: false, IsGenericTypeDefinition: false, IsPublic: true })
        .Where(t => t.GetMethod("<Clone>$") is not null)
        .Where(t => t.IsAssignableTo(typeof(Kinded)) || t.Name.EndsWith("Config", StringComparison.Ordinal))
        .OrderBy(t => t.FullName, StringComparer.Ordinal)];

    public static IReadOnlyList<Type> Models { get; } = [.. Settings.Where(t => t.IsAssignableTo(typeof(ModelConfig)))];

    /// <summary>The type's own example, or its defaults where it needs nothing.</summary>
    public static object Of(Type type)
    {
        if (type.GetInterfaces().Any(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IExample<>) && i.GetGenericArguments()[0] == type))
        {
            return typeof(Examples).GetMethod(nameof(Own), BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(type).Invoke(null, null)!;
        }

        var needs = type.GetProperties().Where(p => p.CustomAttributes.Any(a => a.AttributeType.Name == "RequiredMemberAttribute")).Select(p => p.Name).ToList();
        Assert.True(
            needs.Count == 0 && type.GetConstructor([]) is not null,
            $"{type.Name} cannot be made from nothing (it requires {string.Join(", ", needs)}): let it implement IExample<{type.Name}>");
        Assert.False(type.IsAssignableTo(typeof(ModelConfig)), $"{type.Name} is a model's settings: let it implement IExample<{type.Name}> with a tiny model");
        return Activator.CreateInstance(type)!;
    }

    private static object Own<T>() where T : IExample<T> => T.Example;

    /// <summary>The example, and the further ones where a type shows some.</summary>
    public static IReadOnlyList<object> AllOf(Type type) => type.GetInterfaces().Any(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IExamples<>))
        ? [Of(type), .. (IReadOnlyList<object>)type.GetProperty("More")!.GetValue(null)!]
        : [Of(type)];

    /// <summary>All examples, and the same with a single output where there are classes (for regression).</summary>
    public static IEnumerable<ModelConfig> VariantsOf(Type model)
    {
        foreach (var each in AllOf(model))
        {
            yield return (ModelConfig)each;
        }

        var example = Of(model);
        if (model.GetProperty("Classes") is { CanWrite: true } classes)
        {
            var single = model.GetMethod("<Clone>$")!.Invoke(example, null)!;
            classes.SetValue(single, 1);
            yield return (ModelConfig)single;
        }
    }
}
