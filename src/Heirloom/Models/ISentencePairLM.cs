using static TorchSharp.torch;

namespace Heirloom.Models;

/// <summary>A masked language model that also says how a row's two texts relate: whether the second follows the first (BERT), or in which order they stand (ALBERT).</summary>
public interface ISentencePairLM : IMaskedLM
{
    /// <summary>Relations that it tells apart.</summary>
    int Classes { get; }

    /// <summary>The relation of what is encoded already.</summary>
    /// <param name="hidden_BTD"><c>[B, T, D]</c></param>
    /// <param name="inputs">What was encoded.</param>
    /// <returns><c>[B, C]</c> logits.</returns>
    Tensor Relation(Tensor hidden_BTD, TokenInputs inputs);
}
