using System.Collections.Immutable;
using Heirloom.Checkpoints;
using Heirloom.Data;
using Heirloom.Data.Batching;
using Heirloom.Data.Sources;
using Heirloom.Data.Tokens;
using Heirloom.Encoding;
using Heirloom.Models;
using Heirloom.Reuse.MergeMethods;
using Heirloom.Reuse.MergeRecipes;

namespace Heirloom.Reuse.Merging;

/// <summary>Merges language models by methods that weigh them by what each does on text of its own (<see cref="Fisher"/>, <see cref="RegMean"/>): models are loaded, since they have to be run.</summary>
public static class CalibratedMerger
{
    /// <summary>Merges folders into a folder.</summary>
    /// <param name="recipe">Whole models, each with text to calibrate on.</param>
    /// <param name="folders">Where they lie.</param>
    /// <param name="destination">The folder to write.</param>
    /// <param name="seed">Of the outcomes that are drawn.</param>
    /// <param name="work">Device, progress and stop.</param>
    /// <exception cref="UserError">Slices, modules or vocabularies that these methods do not take, no calibration, or models that do not fit.</exception>
    public static string Run(MergeRecipe recipe, IReadOnlyDictionary<string, string> folders, string destination, Seed seed, WorkContext work)
    {
        var sources = Check(recipe);
        var settings = new MergeSettings(recipe);
        var method = settings.Method("", 0, recipe.Parameters);
        var parts = new List<(ILanguageModel Model, MergeShare Share, Dictionary<string, float[]> Statistics, LineageParent Parent, Lineage? Lineage)>();
        try
        {
            foreach (var source in sources)
            {
                var folder = folders.GetValueOrDefault(source.Model, source.Model);
                var loaded = Checkpoint.LoadAs<ILanguageModel>(folder, new() { Device = work.Device });
                var rows = Rows(folder, loaded.Model, source.Calibration ?? recipe.Calibration!, work);
                var count = (int)Math.Min((source.Calibration ?? recipe.Calibration!).Rows, rows.StepsPerEpoch!.Value);
                parts.Add((loaded.Model, settings.Share(source.Model, "", 0, method, source.Parameters, recipe.Parameters),
                    method.Statistics == Fisher.Diagonal ? FisherDiagonal.Of(loaded.Model, rows, count, seed.For(source.Model), work) : InputGrams.Of(loaded.Model, count, step => Forward(loaded.Model, rows.At(step).To(work.Device)), work),
                    new(loaded.WeightsHash, folder, "merged"), loaded.Lineage));
            }

            var merged = ModelMerge.Of(method, [.. parts.Select(p => (p.Model, p.Share))], statistics: [.. parts.Select(p => p.Statistics)], seed: seed);
            using var module = merged.Module;
            return Checkpoint.Save(destination, new()
            {
                Model = merged,
                Type = recipe.OutType ?? recipe.Type,
                Parts = [new CompanionFiles(parts[0].Parent.Path)],
                Lineage = new()
                {
                    Method = $"merge/{recipe.Method}",
                    Parents = [.. parts.Select(p => p.Parent)],
                    Settings = recipe.Text,
                    Seed = seed.Value,
                    Licenses = [.. parts.SelectMany(p => p.Lineage?.Licenses ?? []).Distinct().Order(StringComparer.Ordinal)],
                    Date = work.Clock.GetUtcNow().ToString("s") + "Z",
                },
            });
        }
        finally
        {
            parts.ForEach(p => p.Model.Module.Dispose());
        }
    }

    private static ImmutableArray<MergeSource> Check(MergeRecipe recipe)
    {
        if (recipe.Modules is not [{ Name: "", Slices: [var slice] }] || slice.Sources.Any(s => s.Layers is not null))
        {
            throw new UserError($"{recipe.Method} merges whole models", recipe.Modules[0].Slices[0].Sources[0].Where, "give 'models'");
        }

        if (recipe.Tokenizer is { } tokens)
        {
            throw new UserError($"{recipe.Method} does not change vocabularies", tokens.Where, "leave the tokenizer out");
        }

        if (recipe.Parameters.Values.Concat(slice.Sources.SelectMany(s => s.Parameters.Values)).FirstOrDefault(p => p.Value is not FixedValue) is { Value: { } varying })
        {
            throw new UserError($"{recipe.Method} takes one value for all tensors", varying.Where, "give a number");
        }

        return slice.Sources.FirstOrDefault(s => s.Calibration is null && recipe.Calibration is null) is { } blind
            ? throw new UserError($"nothing says on which text {blind.Model} is calibrated for {recipe.Method}", blind.Where, "add 'calibration: {text: [files]}' to the model or to the recipe")
            : slice.Sources;
    }

    private static ExampleBatches<TokenRow, TokenBatch> Rows(string folder, ILanguageModel model, MergeCalibration calibration, WorkContext work)
    {
        if (model is not ICausalLM)
        {
            throw new UserError($"holds a {model.GetType().Name}, and calibration reads causal language models", folder, "merge it by a method without calibration, or compute the statistics with the library");
        }

        var tokenizer = TokenizerFile.Load(folder);
        var ids = tokenizer.Unlimited().EncodeBatch([.. calibration.Text.SelectMany(f => FileSources.Of(f).Open(work).Read()).Select(d => d.Text)]);
        var text = new InMemoryRows([.. ids.Where(i => i.Length > 0)], Math.Min(model.ContextLength, 512), tokenizer.EndOfText ?? tokenizer.Padding ?? 0, new Seed(0));
        TokenRow[] chosen = [.. Enumerable.Range(0, (int)Math.Min(calibration.Rows, text.RowsPerEpoch!.Value)).Select(i => text.Row(i))];
        return new(chosen, 1, shuffle: false, new Seed(0), (r, _) => TokenRow.Collate(r), "calibration");
    }

    private static void Forward(ILanguageModel model, TokenBatch batch) => model.Head(model.Encode(new(batch.Ids) { Mask = batch.Mask, Segments = batch.Segments, TokenTypes = batch.TokenTypes }));
}
