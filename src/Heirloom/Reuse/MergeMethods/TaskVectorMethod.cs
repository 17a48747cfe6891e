using System.ComponentModel.DataAnnotations;
using System.Numerics.Tensors;

namespace Heirloom.Reuse.MergeMethods;

/// <summary>
/// Task vectors made sparse, then summed: base + λ Σ wᵢ s(θᵢ − base). With consensus, elements whose sign is not that of the weighted sum are left out.
/// </summary>
public abstract record TaskVectorMethod : MergeMethod
{
    public override MergeNeeds Needs { get; } = new(1, int.MaxValue, MergeBase.Required);

    public override Type ShareType => typeof(TaskShare);

    /// <summary>Whether to divide by the weights that an element is the sum of.</summary>
    public bool Normalize { get; init; }

    /// <summary>Whether what is left of a task vector makes up for what was taken: by the probability that it stays where that is drawn (Yu et al. 2024), by the sum of magnitudes otherwise.</summary>
    public bool Rescale { get; init; }

    /// <summary>Scale of the summed task vectors.</summary>
    public double Lambda { get; init; } = 1;

    /// <summary>Is taken for the sake of mergekit's recipes, where it saves memory: masks are never stored here.</summary>
    public bool Int8Mask { get; init; }

    /// <summary>Whether signs are elected.</summary>
    protected virtual bool Consensus => false;

    public override int Scratch(int models) => models;

    public override void Merge(MergeInput input, Span<float> result)
    {
        var vectors = input.Models.Select(_ => input.Rent(input.Length)).ToArray();
        try
        {
            for (var i = 0; i < vectors.Length; i++)
            {
                var vector = vectors[i].Memory.Span[..input.Length];
                TensorPrimitives.Subtract(input.Models[i].Values.Span, input.BaseValues, vector);
                Sparsify(vector, input.Models[i].Share, input.RowLength, input.Seed.For("model", i));
                TensorPrimitives.Multiply(vector, (float)input.Models[i].Weight, vector);
            }

            var spans = vectors.Select(v => (ReadOnlyMemory<float>)v.Memory[..input.Length]).ToArray();
            var weights = input.Models.Select(m => (float)m.Weight).ToArray();
            if (Consensus)
            {
                SignConsensus.Sum(spans, weights, Normalize, result);
            }
            else
            {
                Sum(spans, Normalize && Math.Abs(weights.Sum()) >= 1e-8 ? weights.Sum() : 1, result);
            }

            TensorPrimitives.MultiplyAdd(result, (float)Lambda, input.BaseValues, result);
        }
        finally
        {
            Array.ForEach(vectors, v => v.Dispose());
        }
    }

    /// <summary>Leaves of a task vector what is to stay.</summary>
    /// <param name="vector">θ − base, changed in place.</param>
    /// <param name="share">What is said of its model.</param>
    /// <param name="rowLength">Elements that belong together.</param>
    /// <param name="seed">Of what is drawn.</param>
    protected abstract void Sparsify(Span<float> vector, MergeShare share, int rowLength, Seed seed);

    private static void Sum(ReadOnlyMemory<float>[] vectors, float divisor, Span<float> sum)
    {
        vectors[0].Span.CopyTo(sum);
        foreach (var vector in vectors.AsSpan(1))
        {
            TensorPrimitives.Add(sum, vector.Span, sum);
        }

        if (divisor != 1)
        {
            TensorPrimitives.Divide(sum, divisor, sum);
        }
    }
}

/// <summary>How much of a model, and of its task vector.</summary>
public record TaskShare : WeightShare, IExample<TaskShare>
{
    public static new TaskShare Example => new() { Weight = 0.5, Density = 0.5 };

    /// <summary>Share of the task vector's elements that stays.</summary>
    [Range(0.0, 1)]
    public double Density { get; init; } = 1;
}
