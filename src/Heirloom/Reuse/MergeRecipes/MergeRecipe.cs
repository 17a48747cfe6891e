using System.Collections.Immutable;
using System.Globalization;
using static TorchSharp.torch;

namespace Heirloom.Reuse.MergeRecipes;

/// <summary>What is merged and how: mergekit's YAML as it is, checked strictly.</summary>
/// <remarks>Goddard et al. 2024, "Arcee's MergeKit". Models are named by folders, by <c>hf:org/name</c>, or by <c>org/name</c>.</remarks>
public sealed record MergeRecipe
{
    /// <summary>Name of a <see cref="MergeMethods.MergeMethod"/>.</summary>
    public required string Method { get; init; }

    /// <summary>The model that the others were made from, or whose configuration and tokenizer the result has; null for the first.</summary>
    public string? Base { get; init; }

    /// <summary>Parts of the model, each by its own slices; one without a name for the whole.</summary>
    public required ImmutableArray<MergeModule> Modules { get; init; }

    /// <summary>Settings for all.</summary>
    public MergeParameters Parameters { get; init; } = MergeParameters.None;

    /// <summary>Type of the result unless <see cref="OutType"/> says otherwise; null for the base's own. Values are computed in float32 whatever it is.</summary>
    public ScalarType? Type { get; init; }

    /// <summary>Type in which the result is stored.</summary>
    public ScalarType? OutType { get; init; }

    /// <summary>Where its tokens come from; null for the base's tokenizer where all models agree.</summary>
    public TokenizerChoice? Tokenizer { get; init; }

    /// <summary>A chat template's text, <c>auto</c> for the one that most models have, or null for the base's.</summary>
    public string? ChatTemplate { get; init; }

    /// <summary>Text on which methods that need it are calibrated, for models that have none of their own. No key of mergekit's.</summary>
    public MergeCalibration? Calibration { get; init; }

    /// <summary>Whether its method has to run the models.</summary>
    public bool NeedsCalibration => ((MergeMethods.MergeMethod)Activator.CreateInstance(MergeMethods.MergeMethod.All[Method])!).Statistics is not null;

    /// <summary>The recipe as it was written; kept in the lineage.</summary>
    public string Text { get; init; } = "";

    /// <summary>Every model that it names, the base first.</summary>
    public ImmutableArray<string> Models => [.. new[] { Base }.OfType<string>()
        .Concat(Modules.SelectMany(m => m.Slices).SelectMany(s => s.Sources.Select(x => x.Model).Concat(s.Base is null ? [] : [s.Base])))
        .Distinct()];

    /// <summary>Reads a file.</summary>
    /// <exception cref="UserError">Missing, not YAML, or not a recipe: names file and line.</exception>
    public static MergeRecipe Load(string path) => Parse(SettingsText.ReadFile(path), path);

    /// <summary>Reads text; <paramref name="name"/> stands for the file in errors.</summary>
    /// <inheritdoc cref="Load"/>
    public static MergeRecipe Parse(string yaml, string name) => new MergeRecipeReader(SettingsText.Parse(yaml, name)).Read() with { Text = yaml };

    /// <summary>Whole models by one method with one number for each: soups and task vectors.</summary>
    /// <param name="method">Its name.</param>
    /// <param name="baseModel">The base, where the method needs one.</param>
    /// <param name="weights">By model.</param>
    public static MergeRecipe Of(string method, string? baseModel, params IEnumerable<(string Model, double Weight)> weights)
    {
        var all = weights.ToList();
        var lines = all.Select(w => string.Create(CultureInfo.InvariantCulture, $"  - {{model: {Quoted(w.Model)}, parameters: {{weight: {w.Weight:R}}}}}"));
        return new()
        {
            Method = method,
            Base = baseModel,
            Modules = [new("", [new([.. all.Select(w => new MergeSource(w.Model, null, MergeParameters.Of(("weight", w.Weight))) { Where = w.Model })], null, MergeParameters.None)], MergeParameters.None)],
            Text = string.Join('\n', [$"merge_method: {method}", .. baseModel is null ? [] : new[] { $"base_model: {Quoted(baseModel)}" }, "models:", .. lines]) + "\n",
        };

        static string Quoted(string text) => $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
    }
}

/// <summary>A part of the model (an encoder, a decoder) by the slices that it is stacked from.</summary>
public sealed record MergeModule(string Name, ImmutableArray<MergeSlice> Slices, MergeParameters Parameters);

/// <summary>Some layers of the result, merged from as many of each source.</summary>
public sealed record MergeSlice(ImmutableArray<MergeSource> Sources, string? Base, MergeParameters Parameters);

/// <param name="Model">Folder or name.</param>
/// <param name="Layers">The first layer and the one after the last; null for all.</param>
/// <param name="Parameters">What is said of this model alone.</param>
public sealed record MergeSource(string Model, (int From, int To)? Layers, MergeParameters Parameters)
{
    /// <summary>Where it is written.</summary>
    public string Where { get; init; } = "";

    /// <summary>This model's own text.</summary>
    public MergeCalibration? Calibration { get; init; }
}

/// <summary>Text of what a model is good at.</summary>
/// <param name="Text">Files.</param>
/// <param name="Rows">Rows of the model's context that are read at most.</param>
public sealed record MergeCalibration(ImmutableArray<string> Text, int Rows);

/// <summary>Whose tokens the result has, and how rows of the embeddings are found for them.</summary>
/// <param name="Source"><c>union</c>, <c>base</c>, or a model.</param>
/// <param name="Tokens">Tokens whose rows come from somewhere in particular.</param>
/// <param name="PadToMultipleOf">Rows are padded with their mean to a multiple of this.</param>
public sealed record TokenizerChoice(string Source, ImmutableDictionary<string, TokenOrigin> Tokens, int? PadToMultipleOf = null)
{
    public const string Union = "union", OfBase = "base";

    /// <summary>Where it is written.</summary>
    public string Where { get; init; } = "";
}

/// <summary>Where a token's row comes from.</summary>
/// <param name="Model">The model that gives it; null for zeros where <paramref name="Zero"/>, else for the rules of any token.</param>
/// <param name="Token">That model's token, where it is another.</param>
/// <param name="Id">Or its id.</param>
/// <param name="Zero">A row of zeros.</param>
/// <param name="Force">Whether models that have the token take this row too.</param>
public sealed record TokenOrigin(string? Model, string? Token, int? Id, bool Zero, bool Force)
{
    /// <summary>Where it is written.</summary>
    public string Where { get; init; } = "";
}
