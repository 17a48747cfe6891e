using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Heirloom.Checkpoints;
using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Adaptation.Peft;

/// <summary>What an adapter's folder is made of.</summary>
public sealed record AdapterContents
{
    public required Adapter Adapter { get; init; }

    /// <summary>The model that it was built for.</summary>
    public required IModel Model { get; init; }

    /// <summary>The base model as other tools find it: a folder or a name on the hub.</summary>
    public string? BaseModel { get; init; }

    public Lineage? Lineage { get; init; }

    /// <summary>What writes its own files beside it (a tokenizer, names of labels).</summary>
    public IReadOnlyList<IFolderPart> Parts { get; init; } = [];
}

/// <summary>What an adapter's folder says of itself.</summary>
/// <param name="Config">Its settings.</param>
/// <param name="BaseModel">The base model that it names.</param>
/// <param name="Revision">And its revision.</param>
/// <param name="Task">The layout's word for the task.</param>
public sealed record AdapterDescription(AdapterConfig Config, string? BaseModel, string? Revision, string? Task);

/// <summary>Adapters in folders that other tools read: <c>adapter_config.json</c> and <c>adapter_model.safetensors</c>, as PEFT has them.</summary>
public static partial class Adapters
{
    public const string ConfigFile = "adapter_config.json", WeightsName = "adapter_model.safetensors", PickleName = "adapter_model.bin";
    private const string Prefix = "base_model.model.";

    private static readonly JsonSerializerOptions s_readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly Lazy<IReadOnlyDictionary<string, AdapterConfig>> s_kinds = new(() => Settings.Kinds(typeof(AdapterConfig)).Values
        .Select(type => (AdapterConfig)Activator.CreateInstance(type)!).ToDictionary(c => c.PeftType, StringComparer.OrdinalIgnoreCase));

    /// <summary>Whether a folder holds an adapter.</summary>
    public static bool IsAdapter(string folder) => File.Exists(Path.Combine(folder, ConfigFile));

    /// <summary>Reads the configuration of a folder alone.</summary>
    /// <exception cref="UserError">Missing, damaged, of a kind that is not supported, or it asks for something that we do not compute.</exception>
    public static AdapterDescription Describe(string folder) => Read(folder).Description;

    /// <summary>Opens the weights of a folder, under the names that they have there.</summary>
    /// <exception cref="UserError">There are none, or the file is damaged.</exception>
    public static IWeights OpenWeights(string folder) => WeightsFile.Open(new[] { WeightsName, PickleName }.Select(n => Path.Combine(folder, n)).FirstOrDefault(File.Exists)
        ?? throw new UserError($"holds neither {WeightsName} nor {PickleName}", folder, "name an adapter's folder"));

    /// <summary>Reads an adapter and attaches it to a model, which computes with it from then on.</summary>
    /// <returns>The adapter, attached: the caller disposes it, detaches it or merges it.</returns>
    /// <exception cref="UserError">Missing, damaged, not supported, or made for another model: names the tensor.</exception>
    public static Adapter Load(string folder, IModel model)
    {
        var (description, json) = Read(folder);
        using var weights = OpenWeights(folder);
        var adapter = description.Config.Build(model, new(0));
        try
        {
            Fill(adapter, weights);
            adapter.Source = json;
            adapter.eval();
            adapter.Attach(model);
            return adapter;
        }
        catch
        {
            adapter.Dispose();
            throw;
        }
    }

    /// <summary>Writes an adapter's folder in place of whatever stands there, whole or not at all.</summary>
    /// <returns>The hash of its weights.</returns>
    /// <exception cref="UserError">The folder cannot be written; what was there is untouched.</exception>
    public static string Save(string folder, AdapterContents contents)
    {
        var adapter = contents.Adapter;
        var json = adapter.Source?.DeepClone().AsObject() ?? [];
        json["peft_type"] = adapter.Config.PeftType;
        json["task_type"] = AdapterTasks.Name(contents.Model) ?? json["task_type"]?.DeepClone();
        json["base_model_name_or_path"] = contents.BaseModel ?? json["base_model_name_or_path"]?.DeepClone();
        json["revision"] ??= null;
        json["auto_mapping"] ??= null;
        json["inference_mode"] = true;
        adapter.Config.Write(json, adapter.HubModules, contents.Model);
        var hash = "";
        ReplaceableFolder.Require(folder, ConfigFile);
        Atomic.WriteFolder(folder, draft =>
        {
            using var scope = NewDisposeScope();
            hash = Safetensors.Write(Path.Combine(draft, WeightsName), adapter.Tensors().Select(t =>
                KeyValuePair.Create(adapter.HasPrefix ? Prefix + t.Key : t.Key, t.Value.detach().contiguous())));
            File.WriteAllText(Path.Combine(draft, ConfigFile), json.ToJsonString(s_readable) + "\n");
            if (contents.Lineage is { } lineage)
            {
                File.WriteAllText(Path.Combine(draft, LineageFile.Name), LineageFile.Write(lineage with { Weights = hash }));
            }

            foreach (var part in contents.Parts)
            {
                part.WriteTo(draft);
            }
        });
        return hash;
    }

    private static (AdapterDescription Description, JsonObject Json) Read(string folder)
    {
        var file = Path.Combine(folder, ConfigFile);
        if (!Directory.Exists(folder))
        {
            throw new UserError("no such folder", folder);
        }

        if (!File.Exists(file))
        {
            throw new UserError($"holds no {ConfigFile}", folder, "name an adapter's folder");
        }

        var json = JsonFile.ParseObject(file);
        var read = new PeftJson(json, file);
        var type = read.Text("peft_type", "");
        var template = s_kinds.Value.GetValueOrDefault(type)
            ?? throw new UserError($"adapters of type '{type}' are not supported", file, $"supported: {string.Join(", ", s_kinds.Value.Keys.Order(StringComparer.Ordinal))}");
        read.Ignore("auto_mapping", "inference_mode", "peft_version");
        var (baseModel, revision, task) = (read.Text("base_model_name_or_path", ""), read.Text("revision", ""), read.Text("task_type", ""));
        var config = template.Read(read);
        read.RefuseRest();

        // the settings' own bounds, as if they had been written by hand
        config = (AdapterConfig)Settings.Parse(config.GetType(), Settings.ToYaml(config), file);
        return (new(config, Given(baseModel), Given(revision), Given(task)), json);
    }

    private static string? Given(string text) => text.Length > 0 ? text : null;

    private static void Fill(Adapter adapter, IWeights weights)
    {
        var missing = adapter.Required().ToHashSet(StringComparer.Ordinal);
        foreach (var name in weights.Entries.Keys.Order(StringComparer.Ordinal))
        {
            using var scope = NewDisposeScope();
            var plain = Canonical(name);
            if (plain.EndsWith(".original_module.weight", StringComparison.Ordinal))
            {
                continue; // what a whole module was before it was trained
            }

            var found = adapter.Load(plain, weights.Read(name)) ?? throw new UserError(
                "has no place in this model", $"{weights.FileOf(name)}: {name}", "use the base model that the adapter was made for");
            missing.Remove(found);
        }

        if (missing.Count > 0)
        {
            throw new UserError($"lacks {missing.Order(StringComparer.Ordinal).First()}{(missing.Count > 1 ? $" and {missing.Count - 1} more" : "")}",
                weights.Entries.Count > 0 ? weights.FileOf(weights.Entries.Keys.First()) : "the adapter's weights", "the configuration and the weights belong to different adapters, or to another base model");
        }
    }

    /// <summary>Without the wrappers' prefix and levels and the adapter's name, which files of several ages have or lack.</summary>
    private static string Canonical(string name)
    {
        name = name.StartsWith(Prefix, StringComparison.Ordinal) ? name[Prefix.Length..] : name;
        name = Levels().Replace(name, "");
        return name.EndsWith(".lora_magnitude_vector.weight", StringComparison.Ordinal) ? name[..^".weight".Length] : name;
    }

    [GeneratedRegex(@"\.base_layer(?=\.)|\.modules_to_save(?:\.default)?(?=\.)|(?<=\.(?:lora_\w+|ia3_l))\.default(?=\.|$)", RegexOptions.CultureInvariant)]
    private static partial Regex Levels();
}
