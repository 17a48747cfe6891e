using Heirloom.Layers;
using Heirloom.Models;
using Heirloom.Models.Text;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Heirloom.Evaluation.Compute;

/// <summary>
/// Floating-point operations of training: two for each weight of a projection and each token (a multiplication and an addition), four for each key and coordinate of
/// attention, and twice as many again on the way back. Not counted are norms, activations, embeddings (which are looked up) and what runs once a sequence.
/// </summary>
/// <remarks>Kaplan et al. 2020, section 2.1; Chowdhery et al. 2022, appendix B (attention over the whole context, masked or not).</remarks>
public static class TrainingFlops
{
    /// <summary>Forward and backward, for each token of rows of a length.</summary>
    /// <param name="model">A model of transformer blocks, or of projections alone.</param>
    /// <param name="context">Tokens that a token attends to.</param>
    public static double PerToken(IModel model, int context) => 3 * (Outside(model) + Layers(model).Sum(layer => Forward(layer, context) * Passes(model)));

    /// <summary>The same where other layers run than the model has, or only the top ones are trained; its head always is.</summary>
    /// <param name="model">Of transformer blocks.</param>
    /// <param name="context">Tokens that a token attends to.</param>
    /// <param name="layers">How many run; a layer that runs twice counts twice.</param>
    /// <param name="trained">How many of them have a backward pass; null for all.</param>
    public static double PerToken(IModel model, int context, int layers, int? trained = null) =>
        (3 * Outside(model)) + ((layers + (2 * (trained ?? layers))) * Forward(Layers(model).First(), context));

    private static IEnumerable<TransformerBlock> Layers(IModel model) => model.Module.modules().OfType<TransformerBlock>();

    /// <summary>How often a layer with weights of its own runs.</summary>
    private static double Passes(IModel model) => model.Config is EncoderConfig { Sharing: { } sharing } shared ? (double)sharing.Order(shared.Layers).Length / shared.OwnLayers() : 1;

    private static double Forward(nn.Module module, int context) => module.modules().Sum(part => part switch
    {
        Linear linear => 2.0 * linear.weight!.numel(),
        Attention attention => 4.0 * context * attention.QueryWidth,
        _ => 0,
    });

    /// <summary>Projections that belong to no layer, and the vocabulary's head, whose weight may be the embedding.</summary>
    private static double Outside(IModel model)
    {
        var inside = Layers(model).SelectMany(layer => layer.modules()).ToHashSet();
        var modules = model.Module.named_modules().Where(m => !inside.Contains(m.module)).ToList();
        return modules.Sum(m => m.module switch
        {
            Linear linear when !RunsOncePerSequence(m.name) => 2.0 * linear.weight!.numel(),
            Conv2d patches => 2.0 * patches.weight!.numel(),
            VocabularyHead => 2.0 * modules.Select(o => o.module).OfType<Embedding>().First().weight!.numel(),
            _ => 0,
        });
    }

    private static bool RunsOncePerSequence(string name) => name.Split('.')[^1] is "pooler" or "classifier" or "classifier_transform";
}
