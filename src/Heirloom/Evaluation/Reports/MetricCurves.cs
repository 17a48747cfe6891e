using System.Globalization;
using System.Text.Json;
using Heirloom.Training.Metrics;

namespace Heirloom.Evaluation.Reports;

/// <summary>The course of a training, read back from <see cref="MetricsLog"/>'s file.</summary>
public sealed class MetricCurves
{
    private readonly Dictionary<string, (List<double> Steps, List<double> Values)> _curves = new(StringComparer.Ordinal);

    private MetricCurves()
    {
    }

    /// <summary>Names in the order in which they were first logged.</summary>
    public IReadOnlyCollection<string> Names => _curves.Keys;

    /// <summary>All metrics of a run's folder; empty where there are none.</summary>
    public static MetricCurves Read(string folder)
    {
        var curves = new MetricCurves();
        var path = Path.Combine(folder, MetricsLog.FileName);
        foreach (var line in File.Exists(path) ? File.ReadLines(path) : [])
        {
            curves.Add(line);
        }

        return curves;
    }

    /// <summary>Null for a metric that was not logged.</summary>
    public Series? Series(string metric, string name) => _curves.TryGetValue(metric, out var curve) ? new(name, curve.Steps, curve.Values) : null;

    private void Add(string line)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            var step = json.RootElement.GetProperty("step").GetDouble();
            foreach (var value in json.RootElement.EnumerateObject().Where(p => p.Name != "step"))
            {
                if (!_curves.TryGetValue(value.Name, out var curve))
                {
                    _curves[value.Name] = curve = ([], []);
                }

                curve.Steps.Add(step);
                curve.Values.Add(value.Value.ValueKind == JsonValueKind.Number ? value.Value.GetDouble() : double.Parse(value.Value.GetString()!, CultureInfo.InvariantCulture));
            }
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            // the last line of a killed run may be cut off
        }
    }
}
