using static TorchSharp.torch;

namespace Heirloom.Adaptation.Tuning;

/// <summary>Puts tokens that are chosen anew for each forward behind the input's at the first layer; whoever chooses them owns and trains them.</summary>
/// <remarks>Their outputs stay in what the model encodes: the last <c>P</c> of its tokens. For models whose attention sees everything.</remarks>
public sealed class ChosenTokens() : TuningModule(nameof(ChosenTokens))
{
    /// <summary><c>[B, P, D]</c>; null for none.</summary>
    public Tensor? Current { get; set; }

    protected override void AttachTo(nn.Module model)
    {
        var hook = BlockList.Of(model)[0].register_forward_pre_hook((_, x, context, index) =>
            (Current is null ? x : cat([x, Current.to(x.dtype)], 1), context, index));
        OnDetach(hook.remove);
    }
}
