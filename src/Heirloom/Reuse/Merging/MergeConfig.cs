using System.Text.Json.Nodes;
using Heirloom.Checkpoints.Hub;

namespace Heirloom.Reuse.Merging;

/// <summary>A configuration that follows what became of the weights.</summary>
internal static class MergeConfig
{
    /// <summary>So many layers, and whatever the configuration lists layer by layer as the layers' models list it.</summary>
    public static void SetLayers(JsonObject config, LayerStack stack, IReadOnlyList<(MergeModel Model, int Layer)> layers)
    {
        if (layers.Count == stack.Count && layers.Select((l, i) => l.Layer == i).All(same => same))
        {
            return;
        }

        Forget(config);
        foreach (var path in stack.Keys.Where(path => JsonPath.Get(config, path) is not null))
        {
            JsonPath.Set(config, path, layers.Count);
        }

        foreach (var key in config.Where(p => p.Key.Contains("layer", StringComparison.Ordinal) && p.Value is JsonArray list && list.Count == stack.Count).Select(p => p.Key).ToList())
        {
            config[key] = new JsonArray([.. layers.Select(l => ((l.Model.Config[key] as JsonArray) is { } own && l.Layer < own.Count ? own : (JsonArray)config[key]!)[Math.Min(l.Layer, stack.Count - 1)]?.DeepClone())]);
        }
    }

    /// <summary>So many tokens.</summary>
    public static void SetVocabulary(JsonObject config, int rows)
    {
        Forget(config);
        foreach (var path in MergeModel.VocabularyKeys.Where(path => JsonPath.Get(config, path) is not null))
        {
            JsonPath.Set(config, path, rows);
        }
    }

    /// <summary>Our own settings restate the hub's keys; where those change, they alone describe the model.</summary>
    private static void Forget(JsonObject config)
    {
        if (config["model_type"]?.ToString() != HeirloomLayout.Type)
        {
            config.Remove(HubFolder.SettingsKey);
        }
    }
}
