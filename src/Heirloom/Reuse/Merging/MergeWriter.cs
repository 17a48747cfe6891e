using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Heirloom.Checkpoints;
using Heirloom.Checkpoints.Hub;
using Heirloom.Reuse.MergeRecipes;
using static TorchSharp.torch;

namespace Heirloom.Reuse.Merging;

/// <summary>Writes the folder of a merge: weights tensor by tensor as they are made, then what describes them.</summary>
internal sealed class MergeWriter(MergeRecipe recipe, MergePlanner planner, IReadOnlyList<MergeStep> steps, IReadOnlyDictionary<string, MergeModel> models, MergeOptions options, WorkContext work)
{
    private static readonly JsonSerializerOptions s_readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes it, whole or not at all.</summary>
    /// <returns>The weights' hash.</returns>
    public string Write(string folder)
    {
        var hash = "";
        Atomic.WriteFolder(folder, draft =>
        {
            hash = WriteWeights(draft);
            new CompanionFiles(planner.Reference.Folder).WriteTo(draft);
            WriteTokens(draft);
            var lineage = Lineage() with { Weights = hash };
            File.WriteAllText(Path.Combine(draft, HubFolder.ConfigFile), Config().ToJsonString(s_readable) + "\n");
            File.WriteAllText(Path.Combine(draft, LineageFile.Name), LineageFile.Write(lineage));
            var architecture = (planner.Reference.Config["architectures"] as JsonArray)?.FirstOrDefault()?.ToString() ?? planner.Reference.Family;
            File.WriteAllText(Path.Combine(draft, ModelCard.Name), ModelCard.Write(
                Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))), architecture, steps.Sum(s => (long)s.Elements), TaskOf(architecture), lineage));
        });
        return hash;
    }

    private string WriteWeights(string draft)
    {
        var byName = steps.ToDictionary(s => s.Name);
        var order = WeightsFolder.Shards(steps.Select(s => new TensorSource(s.Name, s.Type, s.Shape, () => throw new InvalidOperationException("only the order is asked for"))), options.MaxShardBytes)
            .SelectMany(shard => shard).Select(source => byName[source.Name]).ToList();
        using var pool = new FloatPool(options.KeptBytes);
        var maker = new MergeMaker(options.Seed, pool);
        using var made = new OrderedWork<Tensor>([.. order.Select(s => (s.WorkBytes, s.OutputBytes))], options.WorkBytes, options.Workers, i => maker.Make(order[i]));
        using var progress = work.Progress.Begin("merging", order.Count, "tensor");
        var done = 0;
        return WeightsFolder.Write(draft, order.Select(s => new TensorSource(s.Name, s.Type, s.Shape, () =>
        {
            work.Stop.ThrowIfCancellationRequested();
            progress.Report(done++, s.Name);
            return made.Take();
        })), options.MaxShardBytes);
    }

    /// <summary>The tokenizer's own files over the reference's, and the chat template.</summary>
    private void WriteTokens(string draft)
    {
        if (planner.Vocabulary is { } vocabulary)
        {
            new CompanionFiles(vocabulary.Source).WriteTo(draft);
            if (!vocabulary.IsSource)
            {
                var template = MergeTemplates.Of(vocabulary.Source);
                vocabulary.Tokenizer.WriteTo(draft);
                MergeTemplates.Write(draft, template);
            }
        }

        if (recipe.ChatTemplate is { } chosen)
        {
            MergeTemplates.Write(draft, MergeTemplates.Choose(chosen, models.Values.Select(m => m.Folder)));
        }
    }

    private Lineage Lineage()
    {
        var hashes = models.Values.AsParallel().AsOrdered().Select(m => (Model: m, Hash: m.Hash())).ToList();
        foreach (var (model, hash) in hashes.Where(h => h.Model.Lineage is { Weights: { Length: > 0 } recorded } && recorded != h.Hash))
        {
            work.Progress.Note($"the weights in {model.Folder} are not those that its {LineageFile.Name} describes: they were changed after it was written");
        }

        return new()
        {
            Method = $"merge/{recipe.Method}",
            Parents = [.. hashes.Select(h => new LineageParent(h.Hash, h.Model.Folder, h.Model.Name == recipe.Base ? "base" : "merged"))],
            Settings = recipe.Text,
            Seed = options.Seed.Value,
            Licenses = [.. models.Values.SelectMany(m => m.Lineage?.Licenses ?? []).Distinct().Order(StringComparer.Ordinal)],
            Date = work.Clock.GetUtcNow().ToString("s") + "Z",
        };
    }

    /// <summary>The reference's configuration with the result's depth and type; keys that mean nothing to us stay.</summary>
    private JsonObject Config()
    {
        var config = (JsonObject)planner.Reference.Config.DeepClone();
        foreach (var (stack, layers) in planner.Layers)
        {
            MergeConfig.SetLayers(config, stack, layers);
        }

        if (planner.Vocabulary is { } vocabulary)
        {
            MergeConfig.SetVocabulary(config, vocabulary.Rows);
        }

        if ((recipe.OutType ?? recipe.Type) is { } type)
        {
            config[config.ContainsKey("dtype") ? "dtype" : "torch_dtype"] = type switch { ScalarType.Float16 => "float16", ScalarType.BFloat16 => "bfloat16", _ => "float32" };
        }

        return config;
    }

    private static string? TaskOf(string architecture) => architecture switch
    {
        _ when architecture.EndsWith("ForCausalLM", StringComparison.Ordinal) || architecture.EndsWith("LMHeadModel", StringComparison.Ordinal) => "text-generation",
        _ when architecture.EndsWith("ForMaskedLM", StringComparison.Ordinal) => "fill-mask",
        _ when architecture.EndsWith("ForSequenceClassification", StringComparison.Ordinal) => "text-classification",
        _ when architecture.EndsWith("ForTokenClassification", StringComparison.Ordinal) => "token-classification",
        _ when architecture.EndsWith("ForQuestionAnswering", StringComparison.Ordinal) => "question-answering",
        _ when architecture.EndsWith("ForConditionalGeneration", StringComparison.Ordinal) => "text2text-generation",
        _ when architecture.EndsWith("ForCTC", StringComparison.Ordinal) => "automatic-speech-recognition",
        _ when architecture.EndsWith("ForImageClassification", StringComparison.Ordinal) => "image-classification",
        _ => null,
    };
}
