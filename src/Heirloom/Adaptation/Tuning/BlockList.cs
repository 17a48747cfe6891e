using Heirloom.Layers;
using static TorchSharp.torch;

namespace Heirloom.Adaptation.Tuning;

/// <summary>The transformer blocks of a model, in their order.</summary>
internal static class BlockList
{
    /// <exception cref="UserError">It has none.</exception>
    public static IReadOnlyList<TransformerBlock> Of(nn.Module model) =>
        model.named_modules().Select(m => m.module).OfType<TransformerBlock>().ToList() is { Count: > 0 } blocks
            ? blocks
            : throw new UserError($"{model.GetName()} has no transformer blocks", mend: "prompts need a transformer");
}
