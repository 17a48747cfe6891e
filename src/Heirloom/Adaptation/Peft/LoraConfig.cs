using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Nodes;
using Heirloom.Models;

namespace Heirloom.Adaptation.Peft;

/// <summary>How the two factors start.</summary>
public enum LoraInitialization
{
    /// <summary>A as a linear layer starts (He et al. 2015 with slope √5), B at zero.</summary>
    Kaiming,

    /// <summary>A normal with deviation 1/r, B at zero.</summary>
    Gaussian,

    /// <summary>Both drawn, so that the adapter changes the model from the start.</summary>
    Random,
}

/// <summary>Which biases an adapter trains with it.</summary>
public enum AdapterBias
{
    None,

    /// <summary>Those of the adapted modules.</summary>
    Adapted,

    /// <summary>All of the model's.</summary>
    All,
}

/// <summary>Low-rank adaptation: <c>W + s·BA</c> (Hu et al. 2021), with its magnitude apart where wanted (DoRA, Liu et al. 2024).</summary>
[Kind("lora")]
public sealed record LoraConfig : AdapterConfig
{
    /// <summary>Rank of the change, r.</summary>
    [Range(1, 1 << 16)]
    public int Rank { get; init; } = 8;

    /// <summary>α: the change is multiplied by α/r.</summary>
    [Range(1e-6, 1e9)]
    public double Alpha { get; init; } = 16;

    /// <summary>Multiplies by α/√r instead (rsLoRA, Kalajdzievski 2023).</summary>
    public bool RankStabilized { get; init; }

    /// <summary>Learns the norm of each output's weights apart from their direction (DoRA).</summary>
    public bool Dora { get; init; }

    /// <summary>Gives B a bias of its own.</summary>
    public bool FactorBias { get; init; }

    /// <summary>Dropped share of what A reads.</summary>
    [Range(0.0, 0.999)]
    public double Dropout { get; init; }

    /// <summary>Other ranks for modules whose names end with a pattern.</summary>
    public IReadOnlyDictionary<string, int> RankPattern { get; init; } = new Dictionary<string, int>();

    /// <summary>Other α for modules whose names end with a pattern.</summary>
    public IReadOnlyDictionary<string, double> AlphaPattern { get; init; } = new Dictionary<string, double>();

    /// <inheritdoc cref="ModuleChoice.Targets"/>
    public ImmutableArray<string> TargetModules { get; init; } = [ModuleChoice.AllLinear];

    /// <inheritdoc cref="ModuleChoice.TargetPattern"/>
    public string? TargetPattern { get; init; }

    /// <inheritdoc cref="ModuleChoice.Excluded"/>
    public ImmutableArray<string> ExcludeModules { get; init; } = [];

    /// <inheritdoc cref="ModuleChoice.ExcludedPattern"/>
    public string? ExcludePattern { get; init; }

    /// <inheritdoc cref="ModuleChoice.Layers"/>
    public ImmutableArray<int> LayersToTransform { get; init; } = [];

    /// <inheritdoc cref="ModuleChoice.LayersPattern"/>
    public ImmutableArray<string> LayersPattern { get; init; } = [];

    public AdapterBias Bias { get; init; }

    /// <summary>Modules that are trained and saved whole beside it; null for the classifier of a classifying model and nothing else.</summary>
    public IReadOnlyList<string>? ModulesToSave { get; init; }

    public LoraInitialization Initialization { get; init; }

    /// <exception cref="UserError">A rank or an α of a pattern is out of range.</exception>
    public override LoraAdapter Build(IModel model, Seed seed)
    {
        if (RankPattern.FirstOrDefault(p => p.Value is < 1 or > 1 << 16) is { Key: { } ranked, Value: var rank })
        {
            throw new UserError($"the rank of '{ranked}' is {rank}", "rank_pattern", "from 1 to 65536");
        }

        return AlphaPattern.FirstOrDefault(p => !(p.Value is > 0 and <= 1e9)) is { Key: { } scaled, Value: var alpha }
            ? throw new UserError($"the α of '{scaled}' is {alpha}", "alpha_pattern", "above 0, at most 1e9")
            : new(this, model, seed);
    }

    internal override string PeftType => "LORA";

    internal override LoraConfig Read(PeftJson json)
    {
        json.Refuse("layer_replication", "trainable_token_indices", "alora_invocation_tokens", "use_qalora", "target_parameters", "use_bdlora", "arrow_config", "kasa_config",
            "velora_config", "monteclora_config", "megatron_config");
        json.Ignore("fan_in_fan_out", "loftq_config", "eva_config", "corda_config", "lora_ga_config", "runtime_config", "megatron_core", "qalora_group_size", "ensure_weight_tying");
        var start = json.Text("init_lora_weights", "true");
        if (start is not ("true" or "True" or "false" or "False" or "gaussian" or "eva" or "orthogonal"))
        {
            throw new UserError($"'init_lora_weights' is '{start}', by which the base model's own weights were changed", json.File, "save the adapter as a plain low-rank one first");
        }

        var (targets, pattern) = json.Names("target_modules");
        var (excluded, excludedPattern) = json.Names("exclude_modules");
        return new()
        {
            Rank = json.Size("r", 8),
            Alpha = json.Number("lora_alpha", 8),
            RankStabilized = json.Flag("use_rslora"),
            Dora = json.Flag("use_dora"),
            FactorBias = json.Flag("lora_bias"),
            Dropout = json.Number("lora_dropout", 0),
            RankPattern = json.Map("rank_pattern", n => n.GetValue<int>()),
            AlphaPattern = json.Map("alpha_pattern", n => n.GetValue<double>()),
            TargetModules = targets, TargetPattern = pattern, ExcludeModules = excluded, ExcludePattern = excludedPattern,
            LayersToTransform = json.Indices("layers_to_transform"),
            LayersPattern = json.Names("layers_pattern") is { Pattern: { } one } ? [one] : json.Names("layers_pattern").Names,
            Bias = json.Text("bias", "none") switch
            {
                "none" => AdapterBias.None,
                "lora_only" => AdapterBias.Adapted,
                "all" => AdapterBias.All,
                var other => throw new UserError($"'bias' is '{other}'", json.File, "valid: none, lora_only, all"),
            },
            ModulesToSave = json.Names("modules_to_save").Names,
            Initialization = start is "false" or "False" ? LoraInitialization.Random : start == "gaussian" ? LoraInitialization.Gaussian : LoraInitialization.Kaiming,
        };
    }

    internal override void Write(JsonObject json, HubModules modules, IModel model)
    {
        json["r"] = Rank;
        json["lora_alpha"] = Alpha;
        json["use_rslora"] = RankStabilized;
        json["use_dora"] = Dora;
        json["lora_dropout"] = Dropout;
        json["rank_pattern"] = new JsonObject(RankPattern.Select(p => KeyValuePair.Create(p.Key, (JsonNode?)p.Value)));
        json["alpha_pattern"] = new JsonObject(AlphaPattern.Select(p => KeyValuePair.Create(p.Key, (JsonNode?)p.Value)));
        json["target_modules"] = PeftJson.List(TargetModules, TargetPattern);
        json["layers_to_transform"] = LayersToTransform.IsDefaultOrEmpty ? null : new JsonArray([.. LayersToTransform.Select(l => (JsonNode)l)]);
        json["layers_pattern"] = LayersPattern.IsDefaultOrEmpty ? null : PeftJson.List(LayersPattern, null);
        json["bias"] = Bias switch { AdapterBias.All => "all", AdapterBias.Adapted => "lora_only", _ => "none" };
        json["modules_to_save"] = (ModulesToSave ?? AdapterTasks.Heads(model)) is { Count: > 0 } whole ? PeftJson.List(whole, null) : null;
        json["init_lora_weights"] = Initialization switch { LoraInitialization.Gaussian => "gaussian", LoraInitialization.Random => false, _ => true };
        json["fan_in_fan_out"] = Choice(model).Of(modules, AdapterTasks.ClassifiesSequences(model)).Any(m => m.Transposed);
        if (FactorBias)
        {
            json["lora_bias"] = true;
        }

        if (ExcludePattern is not null || !ExcludeModules.IsDefaultOrEmpty)
        {
            json["exclude_modules"] = PeftJson.List(ExcludeModules, ExcludePattern);
        }
    }

    internal ModuleChoice Choice(IModel model) => new()
    {
        Targets = TargetModules, TargetPattern = TargetPattern, Excluded = ExcludeModules, ExcludedPattern = ExcludePattern,
        Layers = LayersToTransform, LayersPattern = LayersPattern, Whole = [.. ModulesToSave ?? AdapterTasks.Heads(model)],
    };

    internal int RankOf(string module) => OfPattern(RankPattern, module, Rank);

    internal double ScaleOf(string module) => OfPattern(AlphaPattern, module, Alpha) is var alpha && RankStabilized
        ? alpha / Math.Sqrt(RankOf(module))
        : alpha / RankOf(module);

    /// <summary>The first pattern that a name's end fits decides.</summary>
    private static T OfPattern<T>(IReadOnlyDictionary<string, T> patterns, string module, T otherwise)
    {
        foreach (var (pattern, value) in patterns)
        {
            if (ModuleChoice.Matches($@"(?:.*\.)?(?:{pattern})", module, "rank_pattern or alpha_pattern"))
            {
                return value;
            }
        }

        return otherwise;
    }
}
