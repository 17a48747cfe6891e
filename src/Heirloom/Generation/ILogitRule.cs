using static TorchSharp.torch;

namespace Heirloom.Generation;

/// <summary>Changes the logits of the next token: penalties, constraints, the influence of another model.</summary>
public interface ILogitRule
{
    /// <param name="logits"><c>[B, V]</c> float32; not to be changed in place.</param>
    /// <param name="rows">What each row holds so far, prompt included.</param>
    /// <returns><c>[B, V]</c>; −∞ forbids a token.</returns>
    Tensor Apply(Tensor logits, IReadOnlyList<IReadOnlyList<int>> rows);
}

/// <summary>Makes tokens that a row holds already less likely (Keskar et al. 2019, CTRL, section 4.1).</summary>
/// <param name="penalty">Above 1 to discourage.</param>
public sealed class RepetitionPenalty(double penalty) : ILogitRule
{
    public Tensor Apply(Tensor logits, IReadOnlyList<IReadOnlyList<int>> rows)
    {
        using var scope = NewDisposeScope();
        var vocabulary = logits.shape[1];
        var index = tensor(rows.SelectMany((row, b) => row.Distinct().Select(id => (b * vocabulary) + id)).ToArray(), device: logits.device);
        var flat = logits.reshape(-1);
        var held = flat.index_select(0, index);
        return flat.index_copy(0, index, where(held.gt(0), held.div(penalty), held.mul(penalty))).view_as(logits).MoveToOuterDisposeScope();
    }
}
