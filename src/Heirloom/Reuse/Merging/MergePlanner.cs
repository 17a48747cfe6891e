using System.Collections.Immutable;
using Heirloom.Checkpoints;
using Heirloom.Reuse.MergeMethods;
using Heirloom.Reuse.MergeRecipes;

namespace Heirloom.Reuse.Merging;

/// <summary>Turns a recipe into steps, one for each tensor of the result. Everything that headers can tell is checked here, before a value is read.</summary>
internal sealed class MergePlanner(MergeRecipe recipe, IReadOnlyDictionary<string, MergeModel> models)
{
    private readonly MergeSettings _settings = new(recipe);
    private readonly List<MergeStep> _steps = [];

    /// <summary>The model whose configuration and tokenizer the result has.</summary>
    public MergeModel Reference { get; } = models[recipe.Models[0]];

    /// <summary>The models and layers whose configuration the result's layers have, by the reference's stack.</summary>
    public Dictionary<LayerStack, List<(MergeModel Model, int Layer)>> Layers { get; } = [];

    /// <summary>The tokens of the result, where the recipe says whose they are.</summary>
    public MergeVocabulary? Vocabulary { get; private set; }

    /// <summary>What is worth saying of the recipe.</summary>
    public IEnumerable<string> Notes => _settings.Idle.Count == 0 ? [] : [$"{string.Join(", ", _settings.Idle)} {(_settings.Idle.Count > 1 ? "have" : "has")} no effect with {recipe.Method}"];

    public IReadOnlyList<MergeStep> Plan()
    {
        MergeChecks.Families(Reference, models.Values);
        foreach (var (module, stacks) in Modules())
        {
            var inside = Names(module).Where(n => IsOf(n, stacks)).Order(StringComparer.Ordinal).ToList();
            foreach (var stack in stacks)
            {
                AddLayers(module, stack);
            }

            foreach (var name in inside.Where(n => !stacks.Any(s => LayerStack.Split(n)?.Prefix == s.Prefix)))
            {
                var slice = IsBefore(name) ? module.Slices[0] : module.Slices[^1];
                Add(name, [.. Sources(slice).Select(s => (s, name))], 0, slice, module);
            }
        }

        // last, since it may have to read tokenizers, which take longer than headers
        Vocabulary = MergeVocabulary.Of(recipe, Reference, models);
        return Vocabulary is null ? _steps : [.. _steps.Select(s => s.IsVocabulary ? s with { Shape = s.Shape.SetItem(0, Vocabulary.Rows), Vocabulary = Vocabulary } : s)];
    }

    /// <summary>All names outside the layers that a version has, so that one that others lack is an error and never left out; the reference's layers.</summary>
    private IEnumerable<string> Names(MergeModule module) => module.Slices
        .Where(s => s.Sources.Length > 1)
        .SelectMany(s => Sources(s))
        .SelectMany(s => models[s.Model].Weights.Entries.Keys.Where(n => LayerStack.Split(n) is null))
        .Concat(Reference.Weights.Entries.Keys)
        .Distinct();

    /// <summary>Modules of the recipe with their stacks of layers.</summary>
    private IEnumerable<(MergeModule Module, IReadOnlyList<LayerStack> Stacks)> Modules()
    {
        if (recipe.Modules is [{ Name: "" } whole])
        {
            var sliced = whole.Slices.SelectMany(s => s.Sources).FirstOrDefault(s => s.Layers is not null);
            if (sliced is not null && Reference.Stacks.Count != 1)
            {
                throw new UserError($"{Reference.Name} has {(Reference.Stacks.Count == 0 ? "no layers to slice that its configuration counts" : $"several stacks of layers ({string.Join(", ", Reference.Stacks.Select(s => s.Module))})")}", sliced.Where,
                    Reference.Stacks.Count == 0 ? "merge whole models" : "say 'modules:' with one of these names each");
            }

            return [(whole, Reference.Stacks)];
        }

        var names = Reference.Stacks.Select(s => s.Module).Distinct().ToList();
        if (names is ["default"] && recipe.Modules is [var only])
        {
            return [(only, Reference.Stacks)]; // a model of one part is called by any name
        }

        return recipe.Modules.FirstOrDefault(m => !names.Contains(m.Name)) is { } unknown
                ? throw new UserError($"{Reference.Name} has no module '{unknown.Name}'", unknown.Slices[0].Sources[0].Where, UserError.Nearest(unknown.Name, names))
            : names.FirstOrDefault(n => recipe.Modules.All(m => m.Name != n)) is { } missing
                ? throw new UserError($"'modules' says nothing of '{missing}'", recipe.Modules[0].Slices[0].Sources[0].Where, $"{Reference.Name} has the modules {string.Join(", ", names)}")
            : recipe.Modules.Select(m => (m, (IReadOnlyList<LayerStack>)[.. Reference.Stacks.Where(s => s.Module == m.Name)]));
    }

    /// <summary>Whether a tensor belongs to the module of these stacks; what belongs to none is the first module's.</summary>
    private bool IsOf(string name, IReadOnlyList<LayerStack> stacks)
    {
        if (recipe.Modules.Length == 1 || stacks.Count == Reference.Stacks.Count)
        {
            return true;
        }

        var owner = Reference.Stacks.FirstOrDefault(s => name.Split('.').Contains(s.Module)) ?? Reference.Stacks.First(s => s.Module == recipe.Modules[0].Name);
        return stacks.Any(s => s.Module == owner.Module);
    }

    /// <summary>What stands before the layers: embeddings and feature extractors; norms and heads stand behind them.</summary>
    private static bool IsBefore(string name) =>
        name.Contains("embed", StringComparison.Ordinal) && !name.Contains("embed_out", StringComparison.Ordinal)
        || name.Contains("wte", StringComparison.Ordinal) || name.Contains("wpe", StringComparison.Ordinal) || name.StartsWith("shared", StringComparison.Ordinal)
        || name.Contains("feature_", StringComparison.Ordinal) || name.Contains("masked_spec", StringComparison.Ordinal);

    private void AddLayers(MergeModule module, LayerStack stack)
    {
        var layers = Layers[stack] = [];
        foreach (var slice in module.Slices)
        {
            var ranges = Sources(slice).Select(s => (Source: s, Range: MergeChecks.Layers(s, models[s.Model], stack))).ToList();
            var count = ranges[0].Range.To - ranges[0].Range.From;
            if (ranges.FirstOrDefault(r => r.Range.To - r.Range.From != count) is { Source: { } other } wrong)
            {
                throw new UserError($"{other.Model} gives {wrong.Range.To - wrong.Range.From} layers where {ranges[0].Source.Model} gives {count}", other.Where,
                    other.Layers is null ? "models of different depth are stacked by 'slices' and passthrough, or grown first" : "give ranges of the same length");
            }

            var endings = ranges.Select(r => models[r.Source.Model].Weights.Entries.Keys.Select(LayerStack.Split).OfType<(string Prefix, int Layer, string Ending)>()
                .Where(n => n.Prefix == stack.Prefix).ToLookup(n => n.Layer, n => n.Ending)).ToList();
            for (var i = 0; i < count; i++)
            {
                foreach (var ending in ranges.SelectMany((r, s) => endings[s][r.Range.From + i]).Distinct().Order(StringComparer.Ordinal))
                {
                    Add($"{stack.Prefix}{layers.Count}.{ending}", [.. ranges.Select(r => (r.Source, $"{stack.Prefix}{r.Range.From + i}.{ending}"))], count > 1 ? i / (double)(count - 1) : 1, slice, module);
                }

                layers.Add((models[ranges[0].Source.Model], ranges[0].Range.From + i));
            }
        }
    }

    /// <summary>A slice's sources, with the base where the method measures from one that is not among them.</summary>
    private IEnumerable<MergeSource> Sources(MergeSlice slice)
    {
        var named = slice.Base ?? recipe.Base;
        return _settings.Needs.Base == MergeBase.None || named is null || slice.Sources.Any(s => s.Model == named)
            ? slice.Sources
            : slice.Sources.Select(s => s.Layers).Distinct().Count() == 1 ? slice.Sources.Append(new(named, slice.Sources[0].Layers, MergeParameters.None) { Where = slice.Sources[0].Where })
            : throw new UserError($"the base '{named}' is not among the sources of this slice, and their layers differ", slice.Sources[0].Where, "add it with its own 'layer_range'");
    }

    private void Add(string name, IReadOnlyList<(MergeSource Source, string Tensor)> sources, double depth, MergeSlice slice, MergeModule module)
    {
        if (!MergeChecks.Present(name, sources.Select(s => (models[s.Source.Model], s.Tensor))))
        {
            return;
        }

        var method = _settings.Method(name, depth, slice.Parameters, module.Parameters, recipe.Parameters);
        var named = method.Needs.Base == MergeBase.None ? null : slice.Base ?? recipe.Base;
        MergeStepSource? origin = null;
        var versions = new List<MergeStepSource>();
        foreach (var (source, tensor) in sources)
        {
            if (source.Model == named)
            {
                origin = new(models[source.Model], tensor, new NoShare());
            }
            else
            {
                versions.Add(new(models[source.Model], tensor, _settings.Share(source.Model, tensor, depth, method, source.Parameters, slice.Parameters, module.Parameters, recipe.Parameters)));
            }
        }

        MergeChecks.Count(recipe.Method, method.Needs, versions, origin, sources[0].Source.Where);
        var all = origin is null ? versions : [origin, .. versions];
        var stored = all[0].Entry.Type;
        var rows = all[0].Model.IsVocabulary(all[0].Entry);
        var copied = !TensorTypes.IsFloat(stored) || (method is Passthrough && versions[0].Share is ScaleShare { Scale: null } && (recipe.OutType ?? recipe.Type ?? stored) == stored && !(rows && recipe.Tokenizer is not null));
        var step = new MergeStep
        {
            Name = name,
            Shape = all[0].Entry.Shape,
            Type = copied ? stored : recipe.OutType ?? recipe.Type ?? stored,
            Models = !copied ? [.. versions] : TensorTypes.IsFloat(stored) ? [all[0]] : [.. all],
            Base = copied ? null : origin,
            Method = copied ? null : method,
            IsVocabulary = rows,
        };
        MergeChecks.Shapes(step, all, recipe.Tokenizer is not null);
        _steps.Add(step);
    }
}
