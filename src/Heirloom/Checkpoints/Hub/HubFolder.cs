using System.Text.Encodings.Web;
using System.Text.Json;
using Heirloom.Models;
using Heirloom.Models.Heads;

namespace Heirloom.Checkpoints.Hub;

/// <summary>The configuration of a model folder: the hub's own keys for other tools, and our complete settings under one key of our own.</summary>
public static class HubFolder
{
    public const string ConfigFile = "config.json", SettingsKey = "heirloom";

    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly Lazy<IReadOnlyList<HubLayout>> Layouts = new(() =>
        [.. typeof(HubLayout).Assembly.GetTypes().Where(t => !t.IsAbstract && t.IsSubclassOf(typeof(HubLayout)))
            .OrderBy(t => t.Name, StringComparer.Ordinal).Select(t => (HubLayout)Activator.CreateInstance(t)!)]);

    /// <summary>All layouts.</summary>
    public static IReadOnlyList<HubLayout> All => Layouts.Value;

    /// <summary>
    /// The layout in which a configuration is written: a family's where other tools would compute the same from it (its own where it names one), else ours.
    /// </summary>
    public static HubLayout LayoutOf(ModelConfig config)
    {
        var family = config.HubFamily ?? (config as HeadConfig)?.Encoder.HubFamily;
        return All.OrderBy(layout => family is null || !layout.ModelTypes.Contains(family)).FirstOrDefault(layout => layout.Expresses(config))
            ?? All.OfType<HeirloomLayout>().Single();
    }

    /// <summary>Reads the configuration of a folder.</summary>
    /// <exception cref="UserError">Missing, damaged, of an unknown family, or our settings and the hub's keys contradict each other.</exception>
    /// <returns>The file as it was read: its notes say how it was understood, where that is not plain.</returns>
    public static (HubLayout Layout, ModelConfig Config, HubConfig File) Read(string folder)
    {
        var file = Path.Combine(folder, ConfigFile);
        if (!Directory.Exists(folder))
        {
            throw new UserError("no such folder", folder);
        }

        var config = new HubConfig(JsonFile.ParseObject(file), file);
        var layout = LayoutOf(config);
        if (config.Object(SettingsKey) is not { } settings)
        {
            var read = layout.ReadConfig(config);
            return (layout, LayoutOf(read) == layout ? read : read with { HubFamily = layout.ModelTypes[0] }, config);
        }

        var ours = Settings.Parse<ModelConfig>(settings.Json.ToJsonString(Readable), $"{file}: {SettingsKey}");
        if (layout is not HeirloomLayout)
        {
            // another tool may have edited its keys and left ours
            var theirs = layout.Essence(layout.ReadConfig(config));
            if (layout.Essence(ours) is not { } essence || !HubLayout.Same(essence, theirs))
            {
                throw new UserError($"the settings under '{SettingsKey}' describe another model than the keys beside them", file,
                    $"make them agree, or remove '{SettingsKey}'");
            }
        }

        return (layout, ours, config);
    }

    /// <summary>The text of a configuration's <c>config.json</c>.</summary>
    /// <param name="layout">Its layout.</param>
    /// <param name="config">The configuration.</param>
    /// <param name="type">Name of the type that the weights are stored in, as the hub spells it (<c>bfloat16</c>).</param>
    /// <param name="remainder">What is written again of the folder that it came from.</param>
    /// <param name="labels">Names of the classes; empty where they are only numbered.</param>
    public static string Write(HubLayout layout, ModelConfig config, string? type, HubRemainder? remainder = null, IReadOnlyList<string>? labels = null)
    {
        var json = layout.WriteConfig(config);
        remainder?.Complete(layout, json);
        if (labels is { Count: > 0 })
        {
            HubRemainder.Label(json, labels);
        }

        if (type is not null)
        {
            json["torch_dtype"] = type;
        }

        json[SettingsKey] = SettingsJson.ToJson(config);
        return json.ToJsonString(Readable) + "\n";
    }

    private static HubLayout LayoutOf(HubConfig config)
    {
        var type = config.ModelType;
        return All.FirstOrDefault(layout => layout.Reads(config))
            ?? (type.Length == 0 ? All.FirstOrDefault(l => config.Architectures.Any(a => l.Architectures.Any(b => a.StartsWith(b, StringComparison.Ordinal)))) : null)
            ?? throw new UserError(
                type.Length == 0 ? "says neither model_type nor a known architecture" : $"not supported yet: {new string([.. type.Take(60).Where(c => !char.IsControl(c))])}",
                config.File, $"supported: {string.Join(", ", All.SelectMany(l => l.ModelTypes).Distinct().Order(StringComparer.Ordinal))}");
    }
}
