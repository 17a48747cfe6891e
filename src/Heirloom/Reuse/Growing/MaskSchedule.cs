using Heirloom.Models;
using Heirloom.Training.Hooks;

namespace Heirloom.Reuse.Growing;

/// <summary>Raises the masks of a growth from 0 to 1 over so many steps, in equal parts; the first step is trained with the first part (Yao et al. 2024, section 4).</summary>
public sealed class MaskSchedule<TModel> : IHook
    where TModel : class, IModel
{
    private readonly MaskedGrowth<TModel> _growth;
    private readonly long _steps;

    /// <param name="growth">Its masks are set.</param>
    /// <param name="steps">At least 1.</param>
    public MaskSchedule(MaskedGrowth<TModel> growth, long steps)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        (_growth, _steps) = (growth, steps);
        _growth.Mask = 1.0 / steps;
    }

    public void After(TrainingStep step) => _growth.Mask = Math.Min(1, (step.Step + 1.0) / _steps);

    /// <summary>However the steps were counted, training ends with the whole model.</summary>
    public void AtEnd(IModel model) => _growth.Mask = 1;
}
