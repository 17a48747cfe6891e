using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Heirloom.Reuse.MergeMethods;
using Heirloom.Reuse.MergeRecipes;

namespace Heirloom.Reuse.Merging;

/// <summary>A recipe's parameters as the records of a method and its shares, for one tensor.</summary>
internal sealed class MergeSettings
{
    private static readonly Lazy<HashSet<string>> s_known = new(() => [.. MergeMethod.All.Values.SelectMany(t => Names(t).Concat(Names(ShareOf(t))))]);
    private readonly Type _method, _share;

    public MergeSettings(MergeRecipe recipe)
    {
        _method = MergeMethod.All[recipe.Method];
        _share = ShareOf(_method);
        Needs = Prototype(_method).Needs;
        Check(recipe);
    }

    public MergeNeeds Needs { get; }

    /// <summary>Parameters that have no effect with this method, for a note.</summary>
    public IReadOnlyCollection<string> Idle => _idle;

    private readonly SortedSet<string> _idle = new(StringComparer.Ordinal);

    /// <summary>The method with what holds for a tensor.</summary>
    /// <param name="tensor">Its name.</param>
    /// <param name="depth">Where its layer lies in the slice.</param>
    /// <param name="levels">Parameters, the nearest first.</param>
    public MergeMethod Method(string tensor, double depth, params ReadOnlySpan<MergeParameters> levels) => (MergeMethod)Make(_method, tensor, depth, levels, tensor);

    /// <summary>What holds for a tensor of one model.</summary>
    /// <param name="model">Its name, for messages.</param>
    /// <param name="tensor">The tensor's name in it.</param>
    /// <param name="depth">Where its layer lies in the slice.</param>
    /// <param name="method">With what holds for the tensor.</param>
    /// <param name="levels">Parameters, the nearest first.</param>
    public MergeShare Share(string model, string tensor, double depth, MergeMethod method, params ReadOnlySpan<MergeParameters> levels)
    {
        var share = (MergeShare)Make(_share, tensor, depth, levels, model);
        return method.Problem(share) is { } problem ? throw new UserError(problem, $"{model}: {tensor}") : share;
    }

    private static Type ShareOf(Type method) => Prototype(method).ShareType;

    /// <summary>What a method says of itself does not depend on its settings, which may be required.</summary>
    private static MergeMethod Prototype(Type method) => (MergeMethod)Activator.CreateInstance(method)!;

    private static IEnumerable<string> Names(Type type) => SettingsShape.Of(type).Keys.Select(k => k.Name);

    private void Check(MergeRecipe recipe)
    {
        var shared = Names(_method).Concat(Names(_share)).ToHashSet();
        var own = Names(_share).ToHashSet();
        Check(recipe.Parameters, shared, recipe.Method, null);
        foreach (var module in recipe.Modules)
        {
            Check(module.Parameters, shared, recipe.Method, null);
            foreach (var slice in module.Slices)
            {
                Check(slice.Parameters, shared, recipe.Method, null);
                foreach (var source in slice.Sources)
                {
                    Check(source.Parameters, own, recipe.Method, shared);
                }
            }
        }
    }

    private void Check(MergeParameters parameters, HashSet<string> valid, string method, HashSet<string>? above)
    {
        foreach (var (name, value) in parameters.Values.Where(p => !valid.Contains(p.Key)))
        {
            if (above?.Contains(name) == true)
            {
                throw new UserError($"'{name}' is a parameter of the whole merge and not of one model", value.Where, "move it to the 'parameters' of the recipe or of a slice");
            }

            if (!s_known.Value.Contains(name))
            {
                throw new UserError($"unknown parameter '{name}' of {method}", value.Where, valid.Count == 0 ? "it takes none" : UserError.Nearest(name, valid));
            }

            _idle.Add(name);
        }
    }

    private static object Make(Type type, string tensor, double depth, ReadOnlySpan<MergeParameters> levels, string of)
    {
        var values = new Dictionary<SettingsKey, object?>();
        foreach (var key in SettingsShape.Of(type).Keys)
        {
            if (Find(key.Name, tensor, depth, levels) is { } found)
            {
                values[key] = Convert(key, found.Value, found.Where);
            }
            else if (key.Required)
            {
                throw new UserError($"nothing says '{key.Name}'", of == tensor ? tensor : $"{of}: {tensor}", $"add '{key.Name}' to the 'parameters' of the {(type.IsAssignableTo(typeof(MergeShare)) ? "model or of the recipe" : "recipe or of the slice")}");
            }
        }

        return SettingsShape.Of(type).Make(values);
    }

    private static (object Value, string Where)? Find(string name, string tensor, double depth, ReadOnlySpan<MergeParameters> levels)
    {
        foreach (var level in levels)
        {
            if (level.Values.TryGetValue(name, out var value) && value.At(tensor, depth) is { } found)
            {
                return (found, value.Where);
            }
        }

        return null;
    }

    private static object Convert(SettingsKey key, object value, string where)
    {
        var type = Nullable.GetUnderlyingType(key.Property.PropertyType) ?? key.Property.PropertyType;
        object converted = (type, value) switch
        {
            _ when type == typeof(bool) && value is bool => value,
            _ when type == typeof(bool) && value is 0.0 or 1.0 => value is 1.0,
            _ when type == typeof(double) && value is double => value,
            _ when type == typeof(int) && value is double whole && whole == Math.Truncate(whole) && Math.Abs(whole) < int.MaxValue => (int)whole,
            _ => throw new UserError($"'{key.Name}' must be {(type == typeof(bool) ? "true or false" : type == typeof(int) ? "a whole number" : "a number")}, not {System.Convert.ToString(value, CultureInfo.InvariantCulture)}", where),
        };
        foreach (var range in key.Rules.OfType<RangeAttribute>().Where(r => !r.IsValid(converted)))
        {
            throw new UserError($"'{key.Name}' must be from {range.Minimum} to {range.Maximum}, not {System.Convert.ToString(converted, CultureInfo.InvariantCulture)}", where);
        }

        return converted;
    }
}
