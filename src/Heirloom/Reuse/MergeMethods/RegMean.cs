using System.ComponentModel.DataAnnotations;
using MathNet.Numerics.LinearAlgebra;

namespace Heirloom.Reuse.MergeMethods;

/// <summary>
/// Linear layers whose outputs are nearest, in least squares, to those of every model on its own inputs: W = (Σ wᵢ Wᵢ Gᵢ)(Σ wᵢ Gᵢ)⁻¹ with Gᵢ = XᵢᵀXᵢ, whose elements
/// off the diagonal are scaled by α. Whatever is no linear layer is averaged.
/// </summary>
/// <remarks>Jin et al. 2023, "Dataless Knowledge Fusion by Merging Weights of Language Models", section 3. A version's statistics are Gᵢ, <c>[inputs, inputs]</c> row by row; none for other tensors.</remarks>
[Kind("regmean")]
public sealed record RegMean : MergeMethod
{
    public const string Gram = "gram";

    public override MergeNeeds Needs { get; } = new(2, int.MaxValue, MergeBase.None);

    public override Type ShareType => typeof(WeightShare);

    public override string? Statistics => Gram;

    /// <summary>α: what is left of the inner products between different inputs.</summary>
    [Range(0.0, 1)]
    public double Alpha { get; init; } = 0.9;

    public override void Merge(MergeInput input, Span<float> result)
    {
        if (input.Models.Any(m => m.Statistics.IsEmpty) || input.Shape.Length != 2)
        {
            new Linear().Merge(input, result);
            return;
        }

        var (outputs, inputs) = ((int)input.Shape[0], (int)input.Shape[1]);
        var (products, grams) = (Matrix<double>.Build.Dense(inputs, outputs), Matrix<double>.Build.Dense(inputs, inputs));
        foreach (var model in input.Models)
        {
            var gram = Shrunk(model.Statistics.Span, inputs) * model.Weight;
            // Gᵢ Wᵢᵀ; values lie row by row as [outputs, inputs], which is the transposed one column by column
            products += gram * Matrix<double>.Build.Dense(inputs, outputs, Doubles(model.Values.Span));
            grams += gram;
        }

        // an input that never was anything makes no difference to any output: there the versions are averaged
        var mean = input.Models.Sum(m => m.Weight);
        for (var i = 0; i < inputs; i++)
        {
            if (grams[i, i] == 0)
            {
                grams[i, i] = mean;
                for (var o = 0; o < outputs; o++)
                {
                    products[i, o] = input.Models.Sum(m => m.Weight * m.Values.Span[(o * inputs) + i]);
                }
            }
        }

        var solved = grams.Solve(products);
        for (var o = 0; o < outputs; o++)
        {
            for (var i = 0; i < inputs; i++)
            {
                result[(o * inputs) + i] = (float)solved[i, o];
            }
        }
    }

    private Matrix<double> Shrunk(ReadOnlySpan<float> gram, int size)
    {
        var matrix = Matrix<double>.Build.Dense(size, size, Doubles(gram));
        return matrix.MapIndexed((i, j, value) => i == j ? value : Alpha * value);
    }

    private static double[] Doubles(ReadOnlySpan<float> values)
    {
        var doubles = new double[values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            doubles[i] = values[i];
        }

        return doubles;
    }
}
