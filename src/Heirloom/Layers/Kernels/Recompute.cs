using static TorchSharp.torch;

namespace Heirloom.Layers.Kernels;

/// <summary>What of a forward pass is thrown away and computed again when its gradient is due, to save memory (Chen et al. 2016).</summary>
public enum Recomputation
{
    /// <summary>Everything is kept.</summary>
    None,

    /// <summary>Feed-forward networks, the widest part of a layer, and logits: about a third of a layer's products once more.</summary>
    FeedForward,

    /// <summary>Whole layers, of which the input alone is kept, and logits: every product once more.</summary>
    Layers,
}

/// <summary>A function of which inputs alone are kept; its backward pass computes it again, with the same random numbers and in the same precision, so with the same bits.</summary>
internal sealed class Recompute : autograd.SingleTensorFunction<Recompute>
{
    public override string Name => nameof(Recompute);

    /// <summary>Whether the training step under way asks for at least this much.</summary>
    public static bool Wanted(Recomputation part) => FirstOrder.Holds && FirstOrder.Current!.Recompute >= part;

    /// <param name="function">Depends on its inputs and on parameters, through which gradients flow to them; on nothing else that has one.</param>
    /// <param name="inputs">Kept. Where none has a gradient, the function is simply called.</param>
    public static Tensor Of(Func<IReadOnlyList<Tensor>, Tensor> function, params IReadOnlyList<Tensor> inputs) =>
        inputs.Any(t => t.requires_grad) ? apply([new Work(function, FirstOrder.Current!, FirstOrder.Current!.Streams), .. inputs]) : function(inputs);

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        using var scope = NewDisposeScope();
        var (work, inputs) = ((Work)vars[0], vars.Skip(1).Cast<Tensor>().ToList());
        ctx.save_for_backward(inputs);
        ctx.save_data("work", work);

        // recording, though nobody will read it, takes the same kernels as the second time
        using var _ = enable_grad();
        work.Scope.Pin(work.Stream);
        return work.Function([.. inputs.Select(t => t.detach())]).detach().MoveToOuterDisposeScope();
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        FirstOrder.Require();
        using var scope = NewDisposeScope();
        var work = (Work)ctx.get_data("work");
        List<Tensor> inputs = [.. ctx.get_saved_variables().Select(t => t.detach().requires_grad_(t.requires_grad))];
        using (enable_grad())
        {
            Tensor again;
            using (work.Scope.Again(work.Stream))
            {
                again = work.Function(inputs);
            }

            again.backward([grad_output]);
        }

        return [null!, .. inputs.Select(t => t.grad is { } gradient ? gradient.MoveToOuterDisposeScope() : null!)];
    }

    private sealed record Work(Func<IReadOnlyList<Tensor>, Tensor> Function, FirstOrder Scope, ulong Stream);
}
