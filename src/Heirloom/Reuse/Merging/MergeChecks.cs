using System.Text.RegularExpressions;
using Heirloom.Checkpoints;
using Heirloom.Reuse.MergeMethods;
using Heirloom.Reuse.MergeRecipes;
using static TorchSharp.torch;

namespace Heirloom.Reuse.Merging;

/// <summary>Why models cannot be merged, from their headers and configurations alone.</summary>
internal static partial class MergeChecks
{
    /// <summary>All are of one family.</summary>
    public static void Families(MergeModel reference, IEnumerable<MergeModel> models)
    {
        foreach (var model in models.Where(m => m.Family != reference.Family))
        {
            throw new UserError($"{reference.Name} is a {reference.Family} and {model.Name} a {model.Family}", model.ConfigPath, "only models of one family are merged");
        }

        foreach (var model in models.Where(m => reference.Architecture.Length > 0 && m.Architecture.Length > 0 && m.Architecture != reference.Architecture))
        {
            throw new UserError($"{reference.Name} is a {reference.Architecture} and {model.Name} a {model.Architecture}", model.ConfigPath, "only models with the same head are merged");
        }
    }

    /// <summary>A source's layers exist.</summary>
    public static (int From, int To) Layers(MergeSource source, MergeModel model, LayerStack stack)
    {
        var count = model.Stacks.FirstOrDefault(s => s.Prefix == stack.Prefix)?.Count
            ?? throw new UserError($"{model.Name} has no layers called {stack.Prefix}N", source.Where, "its tensors have other names: load it and save it with heirloom, or convert it to the family's present names");
        return source.Layers is not { } range ? (0, count)
            : range.To <= count ? range
            : throw new UserError($"layers {range.From} to {range.To} of {model.Name}, which has {count}", source.Where, $"give at most [0, {count}]");
    }

    /// <summary>Whether a tensor is to be merged: all have it, or else it is one that models compute or tie.</summary>
    public static bool Present(string name, IEnumerable<(MergeModel Model, string Tensor)> sources)
    {
        var all = sources.ToList();
        var lacking = all.Where(s => !s.Model.Weights.Entries.ContainsKey(s.Tensor)).ToList();
        if (lacking.Count == 0)
        {
            return true;
        }

        if (lacking.Count < all.Count && MergeModel.IsVocabularyName(name) && lacking.All(l => l.Model.TiesEmbeddings)
            && all.FirstOrDefault(s => !s.Model.TiesEmbeddings) is { Model: { } untied })
        {
            throw new UserError($"{untied.Name} has a head of its own and {lacking[0].Model.Name} ties it to its embeddings", name, "untie the one first, so that both have a head");
        }

        if (lacking.Count < all.Count && !Computed().IsMatch(name) && !(MergeModel.IsVocabularyName(name) && lacking.All(l => l.Model.TiesEmbeddings)))
        {
            var (model, tensor) = lacking[0];
            throw new UserError($"{model.Name} lacks this tensor, which {all.First(s => s.Model.Weights.Entries.ContainsKey(s.Tensor)).Model.Name} has", tensor,
                $"are they of one architecture? {UserError.Nearest(tensor, model.Weights.Entries.Keys.Where(k => k.Split('.')[^1] == tensor.Split('.')[^1]).Take(200)).Split("valid:")[0]}".Trim());
        }

        return false;
    }

    /// <summary>So many models, and a base, as the method needs.</summary>
    public static void Count(string method, MergeNeeds needs, IReadOnlyList<MergeStepSource> versions, MergeStepSource? origin, string where)
    {
        if (needs.Base == MergeBase.Required && origin is null)
        {
            throw new UserError($"{method} needs a base_model", where, "name the model that the others were made from");
        }

        if (versions.Count < needs.Least || versions.Count > needs.Most)
        {
            var wanted = needs.Least == needs.Most ? $"{needs.Least}" : $"at least {needs.Least}";
            throw new UserError($"{method} takes {wanted} {(needs.Least == 1 && needs.Most == 1 ? "model" : "models")}{(origin is null ? "" : " beside the base")}, not {versions.Count}", where);
        }
    }

    /// <summary>The versions have one shape and a type that can be merged.</summary>
    public static void Shapes(MergeStep step, IReadOnlyList<MergeStepSource> versions, bool mapsVocabulary)
    {
        var first = versions[0];
        foreach (var other in versions.Skip(1))
        {
            var (a, b) = (first.Entry.Shape, other.Entry.Shape);
            if (first.Model.IsVocabulary(first.Entry) && other.Model.IsVocabulary(other.Entry) && a.Length == b.Length && a.Skip(1).SequenceEqual(b.Skip(1)))
            {
                if (a[0] != b[0] && !mapsVocabulary)
                {
                    throw new UserError($"the vocabularies differ: {a[0]} rows in {first.Model.Name}, {b[0]} in {other.Model.Name}", other.Tensor, "add 'tokenizer_source: union' or 'base' to the recipe");
                }
            }
            else if (!a.SequenceEqual(b))
            {
                throw new UserError($"is {first.Entry.ShapeText} in {first.Model.Name} and {other.Entry.ShapeText} in {other.Model.Name}", other.Tensor, "merge models of one size");
            }

            if (TensorTypes.IsFloat(first.Entry.Type) != TensorTypes.IsFloat(other.Entry.Type))
            {
                throw new UserError($"is {TensorTypes.Name(first.Entry.Type)} in {first.Model.Name} and {TensorTypes.Name(other.Entry.Type)} in {other.Model.Name}", other.Tensor, "merge models of one kind of numbers");
            }
        }

        if (step.Method is not null && step.Type == ScalarType.Float64)
        {
            throw new UserError("is stored in float64, and values are merged in float32", first.Tensor, "say so in the recipe: dtype: float32");
        }

        if (step.Shape.Aggregate((Int128)1, (x, y) => x * y) > int.MaxValue)
        {
            throw new UserError($"{first.Entry.ShapeText} has more elements than can be merged at once", first.Tensor);
        }
    }

    /// <summary>The base is an ancestor of every model whose lineage says what it was made from.</summary>
    public static void Ancestry(MergeModel origin, IEnumerable<MergeModel> models)
    {
        var told = models.Where(m => m != origin && m.Lineage is { Parents.IsEmpty: false }).ToList();
        if (told.Count == 0)
        {
            return;
        }

        var weights = origin.Lineage is { Weights: { Length: > 0 } recorded } ? recorded : origin.Hash();
        foreach (var model in told)
        {
            // a family of which a member was not found may hide the base behind it
            var family = Family(LineageTree.Of(model.Folder)).ToList();
            if (family.All(a => a.Weights != weights && a.Folder is not null))
            {
                throw new UserError(
                    $"by its lineage {model.Name} was not made from {origin.Name} but from {string.Join(", ", family.Skip(1).Select(a => $"{a.Name} ({a.Short})"))}", Path.Combine(model.Folder, LineageFile.Name),
                    "task vectors are differences from a model's own base: name that one, or allow any with --any-base");
            }
        }
    }

    private static IEnumerable<LineageNode> Family(LineageNode node) => node.Parents.SelectMany(Family).Prepend(node);

    /// <summary>What models compute and some files hold.</summary>
    [GeneratedRegex(@"rotary_emb\.inv_freq$|position_ids$|\.attn\.(masked_)?bias$|\.attention\.(masked_)?bias$|num_batches_tracked$", RegexOptions.CultureInvariant)]
    private static partial Regex Computed();
}
