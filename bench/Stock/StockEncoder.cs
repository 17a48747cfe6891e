using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Heirloom.Bench.Stock;

/// <summary>BERT with its masked head, as tutorials write it: logits at every position.</summary>
internal sealed class StockEncoder : nn.Module<Tensor, Tensor>
{
    private readonly Embedding _embedding, _positions, _types;
    private readonly ModuleList<StockBlock> _blocks;
    private readonly LayerNorm _norm, _headNorm;
    private readonly Linear _transform;
    private readonly Parameter _headBias;
    private readonly Dropout _dropout;

    public StockEncoder(long vocabulary, long context, long width, int layers, long heads, double dropout) : base(nameof(StockEncoder))
    {
        (_embedding, _positions, _types) = (nn.Embedding(vocabulary, width), nn.Embedding(context, width), nn.Embedding(2, width));
        _blocks = new([.. Enumerable.Range(0, layers).Select(_ => new StockBlock(width, heads, causal: false, x => nn.functional.gelu(x), dropout, post: true))]);
        (_norm, _headNorm, _transform) = (nn.LayerNorm(width), nn.LayerNorm(width), nn.Linear(width, width));
        _headBias = new(zeros(vocabulary));
        _dropout = nn.Dropout(dropout);
        RegisterComponents();
        using var frozen = no_grad();
        nn.init.normal_(_embedding.weight!, 0, 0.02);
        nn.init.normal_(_positions.weight!, 0, 0.02);
        nn.init.normal_(_types.weight!, 0, 0.02);
    }

    public override Tensor forward(Tensor ids)
    {
        var x = _dropout.call(_norm.call(_embedding.call(ids) + _positions.call(arange(ids.shape[1])) + _types.call(zeros_like(ids))));
        foreach (var block in _blocks)
        {
            x = block.call(x);
        }

        return nn.functional.linear(_headNorm.call(nn.functional.gelu(_transform.call(x))), _embedding.weight!, _headBias);
    }
}
