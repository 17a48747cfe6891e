using System.Security.Cryptography;
using Heirloom.Models;
using Heirloom.Training.Schedules;
using YamlDotNet.RepresentationModel;

namespace Heirloom.Training;

/// <summary>What must be the same for a run to go on where it stopped, as flat keys (<c>model.width</c>) with values as text.</summary>
internal static class RunIdentity
{
    /// <summary>These change what is shown and kept, not what is computed; of steps and schedules only the past counts (<see cref="PastOf"/>).</summary>
    private static readonly HashSet<string> Free = [.. new[]
    {
        nameof(LoopConfig.Steps), nameof(LoopConfig.LogEvery), nameof(LoopConfig.EvaluateEvery), nameof(LoopConfig.SaveEvery), nameof(LoopConfig.KeepSnapshots),
    }.Select(Settings.SnakeCase)];

    private static readonly HashSet<string> OfLoop = [.. typeof(LoopConfig).GetProperties().Select(p => Settings.SnakeCase(p.Name))];

    public static SortedDictionary<string, string> Of(IModel model, LoopConfig config, IReadOnlyList<Phase> phases, string data, Seed seed, bool bfloat16)
    {
        var identity = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["data"] = data, ["seed"] = $"{seed.Value}", ["computed_in"] = bfloat16 ? "bfloat16" : "float32" };
        Add(identity, "model", model.Config, _ => true);
        Add(identity, "training", config, key => OfLoop.Contains(key) && !Free.Contains(key));
        foreach (var phase in phases)
        {
            Add(identity, $"{phase.Name}.optimizer", phase.Optimizer, _ => true);
            identity[$"{phase.Name}.clip_norm"] = phase.ClipNorm is { } norm ? $"{norm:R}" : "null";
            identity[$"{phase.Name}.accumulate"] = $"{phase.Accumulate}";
            identity[$"{phase.Name}.every"] = $"{phase.Every}";
        }

        return identity;
    }

    /// <summary>"model.width was 64 and is 128", for the first few differences; null when there is none.</summary>
    public static string? Difference(IReadOnlyDictionary<string, string> was, IReadOnlyDictionary<string, string> now)
    {
        const int shown = 3;
        var differences = was.Keys.Union(now.Keys).Order(StringComparer.Ordinal)
            .Where(key => was.GetValueOrDefault(key) != now.GetValueOrDefault(key))
            .OrderByDescending(key => key.EndsWith(".kind", StringComparison.Ordinal)) // explains the others
            .Select(key => $"{key} was {was.GetValueOrDefault(key, "absent")} and is {now.GetValueOrDefault(key, "absent")}")
            .ToList();
        return differences.Count == 0 ? null
            : string.Join(", ", differences.Take(shown)) + (differences.Count > shown ? $" and {differences.Count - shown} more" : "");
    }

    /// <summary>A digest of the learning-rate factors of the steps made; any schedule with the same past may go on from here.</summary>
    public static string PastOf(ScheduleConfig schedule, long made, long total)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var step = 0L; step < made; step++)
        {
            hash.AppendData(BitConverter.GetBytes(schedule.At(step, total)));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
    }

    private static void Add(SortedDictionary<string, string> identity, string prefix, object settings, Func<string, bool> take)
    {
        var yaml = new YamlStream();
        yaml.Load(new StringReader(Settings.ToYaml(settings)));
        if (yaml.Documents is [{ RootNode: YamlMappingNode root }])
        {
            foreach (var (key, value) in root.Where(pair => take(((YamlScalarNode)pair.Key).Value!)))
            {
                Add(identity, $"{prefix}.{((YamlScalarNode)key).Value}", value);
            }
        }
    }

    private static void Add(SortedDictionary<string, string> identity, string path, YamlNode node)
    {
        switch (node)
        {
            case YamlMappingNode map:
                foreach (var (key, value) in map)
                {
                    Add(identity, $"{path}.{((YamlScalarNode)key).Value}", value);
                }

                break;
            case YamlSequenceNode list:
                identity[path + ".count"] = $"{list.Children.Count}";
                for (var i = 0; i < list.Children.Count; i++)
                {
                    Add(identity, $"{path}.{i}", list.Children[i]);
                }

                break;
            default:
                identity[path] = ((YamlScalarNode)node).Value ?? "null";
                break;
        }
    }
}
