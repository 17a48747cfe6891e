using Heirloom.Data;
using Heirloom.Layers;
using Heirloom.Models;
using Heirloom.Objectives;

namespace Heirloom.Reuse.Growing;

/// <summary>Trains another part of a stack at every step: sub-models (<see cref="SubModels"/>), or few layers at many depths (<see cref="ApolloDepths"/>).</summary>
/// <typeparam name="TModel">A stack.</typeparam>
/// <typeparam name="TBatch">What it reads.</typeparam>
/// <param name="inner">What is minimized.</param>
/// <param name="sampler">Decides the part.</param>
public sealed class ElasticDepth<TModel, TBatch>(Objective<TModel, TBatch> inner, DepthSampler sampler)
    where TModel : class, ILayerStack
    where TBatch : IBatch<TBatch>
{
    /// <summary>The part that the last step trained, for whoever counts what it cost; null before the first.</summary>
    public DepthDraw? Last { get; private set; }

    /// <summary>The objective; the model's order is as it was afterwards.</summary>
    public Loss Objective(TModel model, TBatch batch, Seed seed)
    {
        var draw = sampler(seed.For("depth").Random());
        var whole = model.Order;
        var below = draw.Depth - draw.Trained;
        var bottom = below > 0 ? model.Module.modules().OfType<TransformerBlock>().ElementAt(draw.Order[below]) : null;
        var cut = bottom?.register_forward_pre_hook((_, x, context, index) => (x.detach(), context, index));
        try
        {
            model.Order = draw.Order;
            Last = draw;
            return inner(model, batch, seed);
        }
        finally
        {
            model.Order = whole;
            cut?.remove();
        }
    }
}
