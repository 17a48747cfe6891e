namespace Heirloom.Training;

/// <summary>What a phase's forward and backward passes gave; the gradients themselves lie in the parameters.</summary>
/// <param name="Loss">Mean over all terms of all micro-batches.</param>
/// <param name="Parts">Named parts of the loss, averaged likewise.</param>
/// <param name="Scale">What the gradients must still be multiplied by to be the gradient of that mean.</param>
/// <param name="Norm">Euclidean norm of the gradient, scaled; NaN where there was no backward pass.</param>
/// <param name="Units">Throughput.</param>
/// <param name="LastBatch">Index of the batch at which the loss was not finite, or else of the last one.</param>
internal sealed record PhaseGradient(double Loss, IReadOnlyDictionary<string, double> Parts, double Scale, double Norm, long Units, long LastBatch)
{
    /// <summary>Whether no micro-batch had anything to learn from.</summary>
    public bool IsEmpty => Scale == 0 && double.IsFinite(Loss);
}
