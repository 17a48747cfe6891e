using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Heirloom.Models;

namespace Heirloom.Checkpoints.Hub;

/// <summary>
/// How a family of models lies in a folder that other tools read: what its <c>config.json</c> says and how its tensors are called. A layout is found by
/// reflection; adding one is adding its file. It needs a constructor without parameters.
/// </summary>
public abstract class HubLayout
{
    /// <summary>The <c>model_type</c>s that it reads.</summary>
    public abstract ImmutableArray<string> ModelTypes { get; }

    /// <summary>Beginnings of <c>architectures</c> names by which it knows a configuration that has no model type.</summary>
    public virtual ImmutableArray<string> Architectures => [];

    /// <summary>Whether a configuration that names its model type is this layout's.</summary>
    public virtual bool Reads(HubConfig config) => ModelTypes.Contains(config.ModelType);

    /// <summary>Reads a hub's configuration.</summary>
    /// <exception cref="UserError">A key is missing, ill-typed, or asks for something that we do not compute.</exception>
    public abstract ModelConfig ReadConfig(HubConfig config);

    /// <summary>Writes one that it can express (see <see cref="Essence"/>).</summary>
    public abstract JsonObject WriteConfig(ModelConfig config);

    /// <summary>
    /// What of a configuration decides what the model computes, with defaults spelled out; null for a configuration of another family. A configuration is written
    /// in this layout when writing and reading it keeps its essence.
    /// </summary>
    public abstract ModelConfig? Essence(ModelConfig config);

    /// <summary>The names of its tensors: the first map is written; the others are read too.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="state">Our tensors, for layouts that cannot know them from the configuration; asking builds the model.</param>
    public abstract IReadOnlyList<KeyMap> Maps(ModelConfig config, Lazy<IReadOnlyList<OurTensor>> state);

    /// <summary>Whether other tools that know this family compute the same from what is written.</summary>
    public bool Expresses(ModelConfig config)
    {
        try
        {
            return Essence(config) is { } essence && Same(essence, Essence(ReadConfig(new(WriteConfig(config), HubFolder.ConfigFile))));
        }
        catch (UserError)
        {
            // what it wrote says something that it does not support: another layout's business
            return false;
        }
    }

    internal static bool Same(ModelConfig a, ModelConfig? b) => b is not null && a.GetType() == b.GetType()
        && Settings.ToYaml(a with { HubFamily = null }) == Settings.ToYaml(b with { HubFamily = null });
}

/// <summary>Layout of whatever no other tool knows: our own settings, our own names.</summary>
public sealed class HeirloomLayout : HubLayout
{
    public const string Type = "heirloom";

    public override ImmutableArray<string> ModelTypes => [Type];

    public override ModelConfig ReadConfig(HubConfig config) =>
        throw new UserError($"lacks '{HubFolder.SettingsKey}', which holds the settings of a model of type '{Type}'", config.File);

    public override JsonObject WriteConfig(ModelConfig config) => new()
    {
        ["model_type"] = Type,
        ["architectures"] = new JsonArray(config.GetType().Name.Replace("Config", "", StringComparison.Ordinal)),
    };

    public override ModelConfig? Essence(ModelConfig config) => null;

    public override IReadOnlyList<KeyMap> Maps(ModelConfig config, Lazy<IReadOnlyList<OurTensor>> state) => [KeyMap.Identity(state.Value)];
}
