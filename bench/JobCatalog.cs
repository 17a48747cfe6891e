using System.Globalization;
using System.Reflection;

namespace Heirloom.Bench;

/// <summary>The jobs, found by reflection.</summary>
internal static class JobCatalog
{
    public static IReadOnlyDictionary<string, Type> All { get; } = typeof(IJob).Assembly.GetTypes()
        .Where(t => t is { IsInterface: false } && t.IsAssignableTo(typeof(IJob)))
        .ToDictionary(t => (string)t.GetProperty(nameof(IJob.Name), BindingFlags.Public | BindingFlags.Static)!.GetValue(null)!);

    public static IEnumerable<Comparison> Run(string name, BenchOptions options) =>
        (IEnumerable<Comparison>)All[name].GetMethod(nameof(IJob.Run))!.Invoke(null, BindingFlags.DoNotWrapExceptions, null, [options], CultureInfo.InvariantCulture)!;
}
