using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Reuse.Merging;

/// <summary>
/// What fine-tuning added to a model: the difference of its weights and the pretrained ones, τ = θ_ft − θ_pre. Vectors of the same
/// architecture add, subtract and scale; applied to a model they give it, or take from it, what the fine-tuning taught.
/// </summary>
/// <remarks>Ilharco et al. 2023, "Editing Models with Task Arithmetic". Holds float32 copies on the CPU; dispose it.</remarks>
public sealed class TaskVector : IDisposable
{
    private readonly SortedDictionary<string, Tensor> _parts = new(StringComparer.Ordinal);

    private TaskVector(IEnumerable<(string Name, Tensor Value)> parts)
    {
        using var quiet = no_grad();
        using var scope = NewDisposeScope();
        foreach (var (name, value) in parts)
        {
            _parts[name] = value.DetachFromDisposeScope();
        }
    }

    /// <summary>Names of the parameters that it changes.</summary>
    public IReadOnlyCollection<string> Names => _parts.Keys;

    /// <summary>Euclidean length over all parameters.</summary>
    public double Norm => Math.Sqrt(_parts.Values.Sum(SquaredNorm));

    /// <summary>θ_tuned − θ_pretrained over the parameters that both have and <paramref name="include"/> accepts.</summary>
    /// <param name="pretrained">The start.</param>
    /// <param name="tuned">What was made of it.</param>
    /// <param name="include">Names to take; all when null. A task's own head is usually left out.</param>
    /// <exception cref="UserError">A common parameter has different shapes, or there is none in common.</exception>
    public static TaskVector Between(IModel pretrained, IModel tuned, Func<string, bool>? include = null)
    {
        using var quiet = no_grad();
        var start = Parameters(pretrained);
        var end = Parameters(tuned);
        var names = start.Keys.Where(n => end.ContainsKey(n) && (include?.Invoke(n) ?? true)).ToList();
        if (names.Count == 0)
        {
            throw new UserError("the two models have no parameter in common", mend: "a task vector needs a model and its own fine-tuned descendant");
        }

        return new(names.Select(name =>
        {
            var (a, b) = (start[name], end[name]);
            if (!a.shape.SequenceEqual(b.shape))
            {
                throw new UserError($"is [{string.Join(",", a.shape)}] in one model and [{string.Join(",", b.shape)}] in the other", name);
            }

            return (name, b.detach().to(float32, CPU) - a.detach().to(float32, CPU));
        }));
    }

    /// <summary>The sum of several tasks.</summary>
    public static TaskVector operator +(TaskVector a, TaskVector b) => Combine(a, b, (x, y) => x + y);

    public static TaskVector operator -(TaskVector a, TaskVector b) => Combine(a, b, (x, y) => x - y);

    public static TaskVector operator *(double scale, TaskVector a) => new(a._parts.Select(p => (p.Key, scale * p.Value)));

    /// <summary>Forgetting: the vector that takes away what the task added.</summary>
    public static TaskVector operator -(TaskVector a) => -1 * a;

    public static TaskVector Add(TaskVector left, TaskVector right) => left + right;

    public static TaskVector Subtract(TaskVector left, TaskVector right) => left - right;

    public static TaskVector Multiply(double left, TaskVector right) => left * right;

    public static TaskVector Negate(TaskVector item) => -item;

    /// <summary>"A is to B as C is to D": the vector of the unseen D, τ_C + (τ_B − τ_A).</summary>
    public static TaskVector Analogy(TaskVector a, TaskVector b, TaskVector c)
    {
        using var difference = b - a;
        return c + difference;
    }

    /// <summary>Cosine of the angle between two vectors over their common parameters: near zero for unrelated tasks.</summary>
    public double Cosine(TaskVector other)
    {
        using var scope = NewDisposeScope();
        var dot = _parts.Where(p => other._parts.ContainsKey(p.Key)).Sum(p => (p.Value * other._parts[p.Key]).sum().item<float>());
        return dot / (Norm * other.Norm);
    }

    /// <summary>A control: a random direction with the same length in every parameter (Ilharco et al. 2023, section 3).</summary>
    public TaskVector RandomLike(Seed seed)
    {
        using var generator = seed.Generator();
        return new(_parts.Select(p =>
        {
            using var noise = randn(p.Value.shape, generator: generator);
            var length = Math.Sqrt(SquaredNorm(noise));
            return (p.Key, noise * (length == 0 ? 0 : Math.Sqrt(SquaredNorm(p.Value)) / length));
        }));
    }

    /// <summary>A new model θ + scale · τ; <paramref name="start"/> is left as it is.</summary>
    /// <exception cref="UserError">The model lacks a parameter of the vector or has it in another shape.</exception>
    public TModel ApplyTo<TModel>(TModel start, double scale = 1) where TModel : class, IModel
    {
        var model = start.Copy();
        using var quiet = no_grad();
        using var scope = NewDisposeScope();
        var parameters = Parameters(model);
        foreach (var (name, delta) in _parts)
        {
            if (!parameters.TryGetValue(name, out var target) || !target.shape.SequenceEqual(delta.shape))
            {
                model.Module.Dispose();
                throw new UserError("the model has no such parameter of this shape", name, "apply a task vector to the model that it was taken from, or to its relatives");
            }

            target.add_((scale * delta).to(target.dtype, target.device));
        }

        return model;
    }

    public void Dispose()
    {
        foreach (var part in _parts.Values)
        {
            part.Dispose();
        }
    }

    private static Dictionary<string, TorchSharp.Modules.Parameter> Parameters(IModel model) =>
        model.Module.named_parameters().ToDictionary(p => p.name, p => p.parameter, StringComparer.Ordinal);

    private static TaskVector Combine(TaskVector a, TaskVector b, Func<Tensor, Tensor, Tensor> with)
    {
        if (!a._parts.Keys.SequenceEqual(b._parts.Keys))
        {
            throw new UserError("the two task vectors cover different parameters", mend: "take them from models of one architecture");
        }

        return new(a._parts.Select(p => (p.Key, with(p.Value, b._parts[p.Key]))));
    }

    private static double SquaredNorm(Tensor x)
    {
        using var scope = NewDisposeScope();
        return x.square().sum(ScalarType.Float64).item<double>();
    }
}
