using System.ComponentModel.DataAnnotations;
using System.Reflection;

namespace Heirloom.Core;

/// <summary>One key of a settings record.</summary>
internal sealed record SettingsKey(string Name, PropertyInfo Property, bool Required, bool Nullable, ParameterInfo? Parameter, IReadOnlyList<ValidationAttribute> Rules);

/// <summary>What a record takes: its keys in the order of declaration, base types first, and how it is made.</summary>
internal sealed class SettingsShape
{
    private static readonly System.Collections.Concurrent.ConcurrentDictionary<Type, SettingsShape> s_shapes = new();
    private readonly ConstructorInfo _constructor;

    private SettingsShape(Type type)
    {
        _constructor = type.GetConstructors().OrderBy(c => c.GetParameters().Length).FirstOrDefault()
            ?? throw new NotSupportedException($"{type} has no public constructor, so it cannot be a settings record");
        var parameters = _constructor.GetParameters();
        var nullability = new NullabilityInfoContext();
        Keys = [.. type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(p => p.GetIndexParameters().Length == 0 && p.SetMethod is { IsPublic: true })
            .OrderBy(p => Depth(p.DeclaringType!)).ThenBy(p => p.MetadataToken)
            .Select(p =>
            {
                var parameter = Array.Find(parameters, q => q.Name == p.Name);
                var required = parameter is { HasDefaultValue: false } || IsRequired(p);
                return new SettingsKey(Settings.SnakeCase(p.Name), p, required, IsNullable(p, nullability), parameter,
                    [.. p.GetCustomAttributes<ValidationAttribute>(inherit: true), .. parameter?.GetCustomAttributes<ValidationAttribute>() ?? []]);
            })];
        if (parameters.FirstOrDefault(p => Keys.All(k => k.Parameter != p)) is { } orphan)
        {
            throw new NotSupportedException($"{type}: the constructor's parameter '{orphan.Name}' has no property, so it cannot be a settings record");
        }
    }

    public IReadOnlyList<SettingsKey> Keys { get; }

    public static SettingsShape Of(Type type) => s_shapes.GetOrAdd(type, t => new(t));

    /// <summary>Makes the record from the keys that were given; the others keep their defaults.</summary>
    public object Make(IReadOnlyDictionary<SettingsKey, object?> values)
    {
        var arguments = _constructor.GetParameters().Select(p =>
        {
            var key = Keys.First(k => k.Parameter == p);
            return values.TryGetValue(key, out var value) ? value : p.DefaultValue is null && p.ParameterType.IsValueType ? Activator.CreateInstance(p.ParameterType) : p.DefaultValue;
        }).ToArray();
        var made = _constructor.Invoke(arguments);
        foreach (var (key, value) in values.Where(v => v.Key.Parameter is null))
        {
            key.Property.SetValue(made, value);
        }

        return made;
    }

    private static int Depth(Type type) => type.BaseType is { } parent ? Depth(parent) + 1 : 0;

    /// <summary>By name, because a plotting library brings a public copy of the attribute.</summary>
    private static bool IsRequired(PropertyInfo property) =>
        property.CustomAttributes.Any(a => a.AttributeType.FullName == "System.Runtime.CompilerServices.RequiredMemberAttribute");

    private static bool IsNullable(PropertyInfo property, NullabilityInfoContext nullability) =>
        property.PropertyType.IsValueType
            ? System.Nullable.GetUnderlyingType(property.PropertyType) is not null
            : nullability.Create(property).WriteState == NullabilityState.Nullable;
}
