namespace Heirloom.Generation.Cpu;

/// <summary>A linear layer's weights where the model keeps them: <c>[outputs, inputs]</c>, rows one after the other.</summary>
internal sealed unsafe class WeightMatrix
{
    /// <summary>The first row.</summary>
    public required void* Data { get; init; }

    /// <summary>Else float32.</summary>
    public required bool IsBFloat16 { get; init; }

    /// <summary>Rows.</summary>
    public required int Outputs { get; init; }

    /// <summary>Numbers in a row.</summary>
    public required int Inputs { get; init; }

    /// <summary><c>[outputs]</c> float32, or null.</summary>
    public float* Bias { get; init; }

    /// <summary>Adds a factor times a row to a vector.</summary>
    public void AddRow(int row, float factor, float* to)
    {
        var at = (long)row * Inputs;
        for (var k = 0; k < Inputs; k++)
        {
            to[k] += factor * (IsBFloat16 ? BFloat16.Widen(((ushort*)Data)[at + k]) : ((float*)Data)[at + k]);
        }
    }
}

/// <summary>A norm's weights.</summary>
internal sealed unsafe class NormWeights
{
    /// <summary><c>[width]</c> float32.</summary>
    public required float* Weight { get; init; }

    /// <summary><c>[width]</c> float32, or null.</summary>
    public required float* Bias { get; init; }

    /// <summary>Added to the mean square.</summary>
    public required float Epsilon { get; init; }

    /// <summary>Whether the mean is taken away first (layer norm).</summary>
    public required bool Centers { get; init; }
}
