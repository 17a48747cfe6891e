using System.Reflection;
using Heirloom.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Reuse.Vocabularies;

/// <summary>How rows of tokens begin of which nothing, or too little, is known.</summary>
public enum NewRows
{
    /// <summary>The mean of the rows of its parts; the mean of all rows where it has none.</summary>
    Mean,

    /// <summary>Drawn from a normal distribution with the mean and variance of the old rows, dimension by dimension (Hewitt 2021).</summary>
    Gaussian,
}

/// <summary>
/// Gives a pretrained model another vocabulary: each new row of its embedding, of an untied head and of the head's bias is a weighted sum of old ones. All else stays
/// bit for bit. This is how a vocabulary grows, shrinks and is exchanged.
/// </summary>
public static class VocabularyRows
{
    /// <param name="model">Stays as it is.</param>
    /// <param name="rows">By new id, the old ids with weights; empty where nothing is known.</param>
    /// <param name="seed">Of rows that are drawn.</param>
    /// <param name="fresh">How rows without parts (<see cref="NewRows.Gaussian"/>: all that are no copy of one row) begin.</param>
    /// <returns>A model of its own, on the same device and of the same type.</returns>
    /// <exception cref="UserError">The model has no vocabulary, or a part is none of its rows.</exception>
    public static IModel Exchange(IModel model, IReadOnlyList<IReadOnlyList<(int Id, double Weight)>> rows, Seed seed, NewRows fresh = NewRows.Mean)
    {
        var old = SizeOf(model.Config) ?? throw new UserError($"a {model.GetType().Name} has no vocabulary", "model", "name a language model");
        if (rows.SelectMany(r => r).FirstOrDefault(p => p.Id < 0 || p.Id >= old, (0, 0)) is { Item1: not 0 } outside)
        {
            throw new UserError($"row {outside.Item1} is outside the model's {old}", "rows", "map to the model's own tokens");
        }

        var changed = Resized(model.Config, rows.Count).Build(new Seed(0));
        using var quiet = no_grad();
        var source = model.Module.state_dict();
        var like = source.Values.First(t => t.is_floating_point());
        changed.Module.to(like.dtype).to(like.device);
        var rowNames = RowNames(model, changed, rows.Count);
        foreach (var (name, tensor) in changed.Module.state_dict())
        {
            using var scope = NewDisposeScope();
            tensor.copy_(rowNames.Contains(name) ? Mapped(source[name], rows, seed.For(name), fresh) : source[name]);
        }

        changed.Module.train(model.Module.training);
        return changed;
    }

    /// <summary>More rows at the end: old ids stay, a new one is the mean of its pieces' rows.</summary>
    /// <param name="model">Stays as it is.</param>
    /// <param name="pieces">For each new token its id and the old ids that it is made of; ids may lie within rows that padded the vocabulary.</param>
    /// <param name="seed">Of rows that are drawn.</param>
    /// <param name="fresh">How they begin.</param>
    public static IModel Grow(IModel model, IEnumerable<(int Id, IReadOnlyList<int> Pieces)> pieces, Seed seed, NewRows fresh = NewRows.Mean)
    {
        var old = SizeOf(model.Config) ?? throw new UserError($"a {model.GetType().Name} has no vocabulary", "model", "name a language model");
        var added = pieces.ToDictionary(p => p.Id, p => p.Pieces);
        var size = Math.Max(old, added.Keys.Append(-1).Max() + 1);
        return Exchange(model, [.. Enumerable.Range(0, size).Select(IReadOnlyList<(int, double)> (id) =>
            added.TryGetValue(id, out var parts) ? fresh == NewRows.Gaussian ? [] : [.. parts.Select(p => (p, 1.0 / parts.Count))] : id < old ? [(id, 1.0)] : [])], seed, fresh);
    }

    /// <summary>Rows of a model's vocabulary; null where it has none.</summary>
    public static int? SizeOf(ModelConfig config) => Sizes(config) is { } size ? (int)size.GetValue(config)! : Inner(config)?.GetValue(config) is ModelConfig inner ? SizeOf(inner) : null;

    /// <summary>A configuration with a vocabulary of another size, wherever in it that stands.</summary>
    private static ModelConfig Resized(ModelConfig config, int size)
    {
        // a record's own copy, of which the one property is set as its initializer would
        var copy = (ModelConfig)config.GetType().GetMethod("<Clone>$", BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance)!.Invoke(config, null)!;
        if (Sizes(config) is { } property)
        {
            property.SetValue(copy, size);
        }
        else
        {
            var inner = Inner(config)!;
            inner.SetValue(copy, Resized((ModelConfig)inner.GetValue(config)!, size));
        }

        return copy;
    }

    private static PropertyInfo? Sizes(ModelConfig config) => config.GetType().GetProperty("VocabularySize") is { CanWrite: true } p && p.PropertyType == typeof(int) ? p : null;

    /// <summary>What a head stands on.</summary>
    private static PropertyInfo? Inner(ModelConfig config) => config.GetType().GetProperties().FirstOrDefault(p => p.CanWrite && typeof(ModelConfig).IsAssignableFrom(p.PropertyType));

    /// <summary>The tensors that have a row for every token: those whose shape follows the vocabulary's size.</summary>
    private static HashSet<string> RowNames(IModel model, IModel changed, int sizeOfChanged)
    {
        if (SizeOf(model.Config) == sizeOfChanged)
        {
            using var another = Resized(model.Config, sizeOfChanged + 1).Build(new Seed(0)).Module; // of equal size nothing would show
            return Differing(another);
        }

        return Differing(changed.Module);

        HashSet<string> Differing(nn.Module other)
        {
            var shapes = other.state_dict().ToDictionary(t => t.Key, t => t.Value.shape);
            return [.. model.Module.state_dict().Where(t => !t.Value.shape.SequenceEqual(shapes[t.Key])).Select(t => t.Key)];
        }
    }

    private static Tensor Mapped(Tensor old, IReadOnlyList<IReadOnlyList<(int Id, double Weight)>> rows, Seed seed, NewRows fresh)
    {
        var flat = old.to(float32, CPU).view(old.shape[0], -1);
        var result = zeros([rows.Count, flat.shape[1]], float32);
        var copies = rows.Index().Where(r => r.Item is [(_, 1.0)]).ToList();
        if (copies.Count > 0)
        {
            // copies first and all at once: most rows are
            result.index_copy_(0, tensor(copies.Select(c => (long)c.Index).ToArray()), flat.index_select(0, tensor(copies.Select(c => (long)c.Item[0].Id).ToArray())));
        }

        var (mean, std) = (flat.mean([0]), flat.shape[0] > 1 ? flat.std([0]) : zeros(flat.shape[1]));
        using var generator = seed.Generator();
        foreach (var (id, parts) in rows.Index().Where(r => r.Item is not [(_, 1.0)]))
        {
            using var scope = NewDisposeScope();
            var row = fresh == NewRows.Gaussian ? mean + (std * randn([flat.shape[1]], generator: generator))
                : parts.Count == 0 ? mean
                : flat.index_select(0, tensor(parts.Select(p => (long)p.Id).ToArray())).mul(tensor(parts.Select(p => (float)p.Weight).ToArray()).unsqueeze(1)).sum([0]);
            result.select(0, id).copy_(row);
        }

        return result.view([rows.Count, .. old.shape.Skip(1)]);
    }
}
