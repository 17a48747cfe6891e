using Heirloom.Models;
using Heirloom.Reuse.MergeMethods;
using static TorchSharp.torch;

namespace Heirloom.Reuse.Merging;

/// <summary>Merges models that are in memory; <see cref="Merger"/> merges folders.</summary>
public static class ModelMerge
{
    /// <summary>A new model; those that it is made of stay as they are.</summary>
    /// <param name="method">How.</param>
    /// <param name="models">Of one architecture, with what is said of each.</param>
    /// <param name="origin">The model that they were made from, where the method needs it.</param>
    /// <param name="seed">Of what the method draws.</param>
    /// <param name="statistics">By model and parameter, for methods that ask for them (<see cref="FisherDiagonal"/>, <see cref="InputGrams"/>).</param>
    /// <exception cref="UserError">Models of different architectures, or not as many as the method takes.</exception>
    public static TModel Of<TModel>(MergeMethod method, IReadOnlyList<(TModel Model, MergeShare Share)> models, TModel? origin = null, Seed seed = default, IReadOnlyList<IReadOnlyDictionary<string, float[]>>? statistics = null)
        where TModel : class, IModel
    {
        if (models.Count < method.Needs.Least || models.Count > method.Needs.Most || (origin is null && method.Needs.Base == MergeBase.Required))
        {
            throw new UserError($"{Settings.KindOf(method.GetType())} does not take {models.Count} models {(origin is null ? "without" : "beside")} a base");
        }

        if (method.Statistics is { } needed && statistics?.Count != models.Count)
        {
            throw new UserError($"{Settings.KindOf(method.GetType())} needs statistics of every model ({needed})", mend: "measure them on calibration data");
        }

        using var quiet = no_grad();
        var states = models.Select(m => m.Model.Module.state_dict()).ToList();
        var start = origin?.Module.state_dict();
        var merged = models[0].Model.Copy();
        try
        {
            foreach (var (name, target) in merged.Module.state_dict().Where(t => t.Value.is_floating_point()))
            {
                using var scope = NewDisposeScope();
                var versions = states.Select((state, i) => new MergeVersion(Values(state, name, target), models[i].Share, statistics?[i].GetValueOrDefault(name))).ToList();
                var result = new float[target.numel()];
                method.Merge(new() { Name = name, Shape = [.. target.shape], Models = versions, Base = start is null ? default : (ReadOnlyMemory<float>)Values(start, name, target), Seed = seed.For(name) }, result);
                target.copy_(tensor(result).view(target.shape));
            }

            return merged;
        }
        catch
        {
            merged.Module.Dispose();
            throw;
        }
    }

    /// <summary>The mean of several models' weights: a uniform soup (Wortsman et al. 2022), or several fine-tuned models fused into a new base (Choshen et al. 2022).</summary>
    /// <inheritdoc cref="Of"/>
    public static TModel Average<TModel>(params IReadOnlyList<TModel> models) where TModel : class, IModel =>
        Of(new Linear(), [.. models.Select(m => (m, (MergeShare)new WeightShare { Weight = 1 }))]);

    private static float[] Values(Dictionary<string, Tensor> state, string name, Tensor like) =>
        state.TryGetValue(name, out var tensor) && tensor.shape.AsSpan().SequenceEqual(like.shape)
            ? [.. tensor.detach().to(float32).cpu().contiguous().view(-1).data<float>()]
            : throw new UserError("is not in all of the models, or has another shape in one", name, "merge models of one architecture");
}
