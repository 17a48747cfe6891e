using static TorchSharp.torch;

namespace Heirloom.Models.InContext;

/// <summary>Predicts a function's value at a point from its values at earlier points, without a change of weights.</summary>
public interface IInContextRegressor : IModel
{
    /// <summary>Width of a point, D.</summary>
    int Dimensions { get; }

    /// <summary>Most points that a sequence may have.</summary>
    int Points { get; }

    /// <summary>Predicts every y_k from x₁, y₁, …, x_{k−1}, y_{k−1}, x_k at once.</summary>
    /// <param name="inputs"><c>[B, K, D]</c></param>
    /// <param name="outputs"><c>[B, K]</c>; the last is read by no prediction.</param>
    /// <returns><c>[B, K]</c></returns>
    /// <exception cref="UserError">Points are of another width, or too many.</exception>
    Tensor Predict(Tensor inputs, Tensor outputs);
}
