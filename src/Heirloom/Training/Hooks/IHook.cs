using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Training.Hooks;

/// <summary>Is called after each step. Whatever it draws or computes must leave weights and optimizer alone, or training depends on it.</summary>
public interface IHook
{
    /// <summary>
    /// May throw <see cref="OperationCanceledException"/> once the work is asked to stop: training is saved and ends as interrupted, and is resumed with
    /// this call. (Hooks before it that are no <see cref="IResumable"/> are called again then, too.)
    /// </summary>
    void After(TrainingStep step);

    /// <summary>Is called once, when training is complete or was stopped early (not when it was interrupted), after the last snapshot.</summary>
    void AtEnd(IModel model)
    {
    }
}

/// <summary>A hook whose memory belongs into snapshots.</summary>
public interface IResumable
{
    /// <summary>Unique among the hooks of a training.</summary>
    string Name { get; }

    /// <summary>All that it must get back; tensors made for this belong to the caller's dispose scope.</summary>
    IEnumerable<KeyValuePair<string, Tensor>> State();

    /// <summary>Takes it back: <paramref name="saved"/> holds exactly the names that <see cref="State"/> gave; the caller disposes the tensors.</summary>
    void Load(IReadOnlyDictionary<string, Tensor> saved);
}
