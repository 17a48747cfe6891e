using Heirloom.Models;

namespace Heirloom.Training.Hooks;

/// <summary>Keeps a copy of the model as it was after a given step, for studies of what training was like on the way.</summary>
/// <param name="at">The step, counted from 1.</param>
public sealed class KeepCopy<TModel>(long at) : IHook where TModel : class, IModel
{
    /// <summary>The copy; null until its step has been made. Whoever takes it disposes it.</summary>
    public TModel? Copy { get; private set; }

    public void After(TrainingStep step)
    {
        if (step.Step == at)
        {
            Copy = ((TModel)step.Model).Copy();
        }
    }
}
