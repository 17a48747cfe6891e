using Heirloom.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Models.Text;

/// <summary>Hidden vectors to logits by a weight of its own or that of the embedding, with or without a bias.</summary>
internal sealed class VocabularyHead : nn.Module<Tensor, Tensor, Tensor>
{
    [ComponentName(Name = "weight")]
    private readonly Parameter? _weight;

    [ComponentName(Name = "bias")]
    private readonly Parameter? _bias;

    /// <param name="width">Inputs; null for a head whose weight is the embedding.</param>
    /// <param name="vocabulary">Outputs.</param>
    /// <param name="bias">Whether there is one.</param>
    public VocabularyHead(int? width, int vocabulary, bool bias) : base(nameof(VocabularyHead))
    {
        _weight = width is { } own ? ModuleWeight.Of(zeros(vocabulary, own)) : null;
        _bias = bias ? ModuleWeight.Of(zeros(vocabulary)) : null;
        RegisterComponents();
    }

    /// <param name="hidden"><c>[…, D]</c></param>
    /// <param name="embedding"><c>[V, D]</c>, used where the head has no weight of its own.</param>
    /// <returns><c>[…, V]</c></returns>
    public override Tensor forward(Tensor hidden, Tensor embedding) => nn.functional.linear(hidden, _weight ?? embedding, _bias);
}
