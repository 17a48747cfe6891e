using Heirloom.Models.Vision;
using static TorchSharp.torch;

namespace Heirloom.Continual;

/// <summary>Learns classes task by task and always tells all seen ones apart, without being told the task.</summary>
public interface IClassIncrementalLearner : IDisposable
{
    /// <summary>Learns the next task from its training images; earlier ones are gone.</summary>
    void Learn(ClassTask task);

    /// <param name="images"><c>[N, C, H, W]</c></param>
    /// <returns><c>[N]</c> int64 labels among the seen classes, on the CPU.</returns>
    Tensor Predict(Tensor images);
}

/// <summary>A method of class-incremental learning with its settings.</summary>
public abstract record ClassIncrementalConfig : Kinded
{
    /// <summary>A learner that starts from a pretrained model.</summary>
    /// <param name="pretrained">Is copied, never changed.</param>
    /// <param name="seed">All of the learner's randomness.</param>
    /// <param name="work">Device, progress, stop.</param>
    public abstract IClassIncrementalLearner Build(VisionTransformer pretrained, Seed seed, WorkContext work);

    /// <summary>The same method with its learning rate multiplied; itself where it trains nothing.</summary>
    public abstract ClassIncrementalConfig WithRate(double factor);
}
