using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Heirloom.Bench.Stock;

/// <summary>ViT as tutorials write it: patches by a convolution, a class token, norms before branches.</summary>
internal sealed class StockVit : nn.Module<Tensor, Tensor>
{
    private readonly Conv2d _patches;
    private readonly Parameter _class, _positions;
    private readonly ModuleList<StockBlock> _blocks;
    private readonly LayerNorm _norm;
    private readonly Linear _head;

    public StockVit(long image, long patch, long channels, long width, int layers, long heads, long classes) : base(nameof(StockVit))
    {
        _patches = nn.Conv2d(channels, width, patch, stride: patch);
        _class = new(zeros(1, 1, width));
        _positions = new(randn(1, 1 + (image / patch * (image / patch)), width) * 0.02);
        _blocks = new([.. Enumerable.Range(0, layers).Select(_ => new StockBlock(width, heads, causal: false, x => nn.functional.gelu(x)))]);
        (_norm, _head) = (nn.LayerNorm(width), nn.Linear(width, classes));
        RegisterComponents();
    }

    public override Tensor forward(Tensor images)
    {
        var x = _patches.call(images).flatten(2).transpose(1, 2);
        x = cat([_class.expand(x.shape[0], -1, -1), x], 1) + _positions;
        foreach (var block in _blocks)
        {
            x = block.call(x);
        }

        return _head.call(_norm.call(x).select(1, 0));
    }
}
