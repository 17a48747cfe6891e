using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Heirloom.Bench.Stock;

/// <summary>A GPT as tutorials write it: learned positions, norms before branches, tanh GELU, the embedding as the head.</summary>
internal sealed class StockDecoder : nn.Module<Tensor, Tensor>
{
    private readonly Embedding _embedding, _positions;
    private readonly ModuleList<StockBlock> _blocks;
    private readonly LayerNorm _norm;

    public StockDecoder(long vocabulary, long context, long width, int layers, long heads) : base(nameof(StockDecoder))
    {
        (_embedding, _positions) = (nn.Embedding(vocabulary, width), nn.Embedding(context, width));
        _blocks = new([.. Enumerable.Range(0, layers).Select(_ => new StockBlock(width, heads, causal: true, TanhGelu))]);
        _norm = nn.LayerNorm(width);
        RegisterComponents();
        using var frozen = no_grad();
        nn.init.normal_(_embedding.weight!, 0, 0.02);
        nn.init.normal_(_positions.weight!, 0, 0.02);
    }

    public override Tensor forward(Tensor ids)
    {
        var x = _embedding.call(ids) + _positions.call(arange(ids.shape[1]));
        foreach (var block in _blocks)
        {
            x = block.call(x);
        }

        return nn.functional.linear(_norm.call(x), _embedding.weight!);
    }

    private static Tensor TanhGelu(Tensor x) => nn.functional.gelu(x, GELU.Approximate.tanh);
}
