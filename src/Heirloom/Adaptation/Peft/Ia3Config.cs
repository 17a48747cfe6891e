using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Heirloom.Models;

namespace Heirloom.Adaptation.Peft;

/// <summary>A learned factor for each output, or each input, of chosen linear layers: (IA)³ (Liu et al. 2022).</summary>
[Kind("ia3")]
public sealed record Ia3Config : AdapterConfig, IExample<Ia3Config>
{
    public static Ia3Config Example => new() { TargetModules = ["k_proj", "v_proj", "down_proj"], FeedforwardModules = ["down_proj"] };

    /// <inheritdoc cref="ModuleChoice.Targets"/>
    public required ImmutableArray<string> TargetModules { get; init; }

    /// <inheritdoc cref="ModuleChoice.TargetPattern"/>
    public string? TargetPattern { get; init; }

    /// <summary>Endings of names of those that multiply what they read instead of what they give.</summary>
    public ImmutableArray<string> FeedforwardModules { get; init; } = [];

    /// <summary>A regular expression of whole names, instead of <see cref="FeedforwardModules"/>.</summary>
    public string? FeedforwardPattern { get; init; }

    /// <inheritdoc cref="ModuleChoice.Excluded"/>
    public ImmutableArray<string> ExcludeModules { get; init; } = [];

    /// <inheritdoc cref="ModuleChoice.ExcludedPattern"/>
    public string? ExcludePattern { get; init; }

    /// <inheritdoc cref="LoraConfig.ModulesToSave"/>
    public IReadOnlyList<string>? ModulesToSave { get; init; }

    public override Ia3Adapter Build(IModel model, Seed seed) => new(this, model);

    internal override string PeftType => "IA3";

    internal override Ia3Config Read(PeftJson json)
    {
        json.Ignore("fan_in_fan_out", "init_ia3_weights");
        var (targets, pattern) = json.Names("target_modules");
        var (feedforward, feedforwardPattern) = json.Names("feedforward_modules");
        var (excluded, excludedPattern) = json.Names("exclude_modules");
        return new()
        {
            TargetModules = targets, TargetPattern = pattern, FeedforwardModules = feedforward, FeedforwardPattern = feedforwardPattern,
            ExcludeModules = excluded, ExcludePattern = excludedPattern, ModulesToSave = json.Names("modules_to_save").Names,
        };
    }

    internal override void Write(JsonObject json, HubModules modules, IModel model)
    {
        json["target_modules"] = PeftJson.List(TargetModules, TargetPattern);
        json["feedforward_modules"] = PeftJson.List(FeedforwardModules, FeedforwardPattern);
        json["modules_to_save"] = (ModulesToSave ?? AdapterTasks.Heads(model)) is { Count: > 0 } whole ? PeftJson.List(whole, null) : null;
        json["init_ia3_weights"] = true;
        json["fan_in_fan_out"] = Choice(model).Of(modules, AdapterTasks.ClassifiesSequences(model)).Any(m => m.Transposed);
        if (ExcludePattern is not null || !ExcludeModules.IsDefaultOrEmpty)
        {
            json["exclude_modules"] = PeftJson.List(ExcludeModules, ExcludePattern);
        }
    }

    internal ModuleChoice Choice(IModel model) => new()
    {
        Targets = TargetModules, TargetPattern = TargetPattern, Excluded = ExcludeModules, ExcludedPattern = ExcludePattern, Whole = [.. ModulesToSave ?? AdapterTasks.Heads(model)],
    };

    /// <summary>The layout asks for no dot before these endings.</summary>
    internal bool IsFeedforward(string module) => FeedforwardPattern is { } pattern
        ? ModuleChoice.Matches(pattern, module, "feedforward_modules")
        : FeedforwardModules.Any(f => module.EndsWith(f, StringComparison.Ordinal));
}
