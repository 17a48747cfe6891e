using static TorchSharp.torch;

namespace Heirloom.Adaptation.Tuning;

/// <summary>Prepends chosen keys and values to those of some layers' attention (prefix tuning); whoever chooses them owns and trains them.</summary>
/// <remarks>
/// Li and Liang 2021; DualPrompt's form (Wang et al. 2022, equation 4), in which the number of tokens stays. For attention that sees everything
/// and has no rotary positions, such as a vision transformer's.
/// </remarks>
/// <param name="layers">Indices of the layers.</param>
public sealed class ChosenPrefix(IReadOnlyList<int> layers) : TuningModule(nameof(ChosenPrefix))
{
    /// <summary><c>[B, layers, 2, P, D]</c>, keys then values, B being 1 where all images share them; null for none.</summary>
    public Tensor? Current { get; set; }

    /// <exception cref="UserError">The model has fewer layers.</exception>
    protected override void AttachTo(nn.Module model)
    {
        var blocks = BlockList.Of(model);
        if (layers.Any(l => l < 0 || l >= blocks.Count))
        {
            throw new UserError($"prompts for layers {string.Join(", ", layers)} and the model has {blocks.Count}", mend: "choose layers from 0 to the last");
        }

        foreach (var (place, layer) in layers.Index())
        {
            var parts = blocks[layer].named_modules().ToDictionary(m => m.name, m => m.module);
            HookOutput((nn.Module<Tensor, Tensor>)parts["attention.key"], (_, keys) => Prepend(keys, place, 0));
            HookOutput((nn.Module<Tensor, Tensor>)parts["attention.value"], (_, values) => Prepend(values, place, 1));
        }
    }

    private Tensor Prepend(Tensor projected_BTD, int place, int part)
    {
        if (Current is null)
        {
            return projected_BTD;
        }

        using var scope = NewDisposeScope();
        var prefix = Current.select(1, place).select(1, part).to(projected_BTD.dtype).expand(projected_BTD.shape[0], -1, -1);
        return cat([prefix, projected_BTD], 1).MoveToOuterDisposeScope();
    }
}
