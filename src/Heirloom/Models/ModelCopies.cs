using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Models;

/// <summary>Copies of models and of their weights.</summary>
public static class ModelCopies
{
    /// <summary>An independent copy: same architecture, same weights, same device and element type.</summary>
    public static TModel Copy<TModel>(this TModel model) where TModel : class, IModel
    {
        var copy = (TModel)model.Config.Build(new Seed(0));
        var first = model.Module.parameters().FirstOrDefault();
        if (first is not null)
        {
            copy.Module.to(first.dtype).to(first.device);
        }

        copy.CopyWeightsFrom(model);
        copy.Module.train(model.Module.training);
        return copy;
    }

    /// <summary>Overwrites parameters and buffers with another model's of the same architecture.</summary>
    /// <exception cref="UserError">A weight is missing or of another shape.</exception>
    public static void CopyWeightsFrom(this IModel model, IModel other)
    {
        using var quiet = no_grad();
        var source = other.Module.state_dict();
        foreach (var (name, target) in model.Module.state_dict())
        {
            if (!source.TryGetValue(name, out var value) || !value.shape.SequenceEqual(target.shape))
            {
                throw new UserError(
                    value is null ? "the other model has no such weight" : $"is [{string.Join(",", target.shape)}], the other model's is [{string.Join(",", value.shape)}]", name);
            }

            target.copy_(value);
        }
    }
}
