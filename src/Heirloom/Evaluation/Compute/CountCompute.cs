using Heirloom.Training.Hooks;
using static TorchSharp.torch;

namespace Heirloom.Evaluation.Compute;

/// <summary>Spends a training's steps on a <see cref="ComputeToLoss"/>; the time of its own measurements is not counted.</summary>
/// <param name="compute">What to count on.</param>
/// <param name="flops">Operations of a step, given its number from 1.</param>
/// <param name="loss">Measures the model, on text that it is not trained on.</param>
/// <param name="every">Steps between measurements; the last step is always measured.</param>
/// <param name="clock">Tells the time.</param>
public sealed class CountCompute(ComputeToLoss compute, Func<long, double> flops, Func<double> loss, long every, TimeProvider clock) : IHook
{
    private long _since = clock.GetTimestamp();

    public void After(TrainingStep step)
    {
        compute.Spend(new(flops(step.Step), clock.GetElapsedTime(_since).TotalSeconds));
        if (step.IsDue(every))
        {
            using var quiet = no_grad();
            using var scope = NewDisposeScope();
            compute.Reach(loss());
        }

        _since = clock.GetTimestamp();
    }
}
