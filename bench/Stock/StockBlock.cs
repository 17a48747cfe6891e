using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Heirloom.Bench.Stock;

/// <summary>A transformer block as tutorials write it: one projection to queries, keys and values, attention by hand, everything in float32.</summary>
internal sealed class StockBlock : nn.Module<Tensor, Tensor>
{
    private readonly LayerNorm _norm1, _norm2;
    private readonly StockAttention _attention;
    private readonly Linear _up, _down;
    private readonly Dropout _dropout;
    private readonly Func<Tensor, Tensor> _activation;
    private readonly bool _post;

    /// <param name="width">Of the stream.</param>
    /// <param name="heads">Of the attention.</param>
    /// <param name="causal">Whether a position sees earlier ones alone.</param>
    /// <param name="activation">Of the feed-forward, four times as wide.</param>
    /// <param name="dropout">Of attention weights and branches.</param>
    /// <param name="post">Whether norms come after the sums.</param>
    public StockBlock(long width, long heads, bool causal, Func<Tensor, Tensor> activation, double dropout = 0, bool post = false) : base(nameof(StockBlock))
    {
        (_activation, _post) = (activation, post);
        (_norm1, _norm2) = (nn.LayerNorm(width), nn.LayerNorm(width));
        _attention = new(width, heads, causal, dropout, bias: true);
        (_up, _down) = (nn.Linear(width, 4 * width), nn.Linear(4 * width, width));
        _dropout = nn.Dropout(dropout);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        if (_post)
        {
            x = _norm1.call(x + _dropout.call(_attention.call(x, x)));
            return _norm2.call(x + _dropout.call(_down.call(_activation(_up.call(x)))));
        }

        var normed = _norm1.call(x);
        x += _dropout.call(_attention.call(normed, normed));
        return x + _dropout.call(_down.call(_activation(_up.call(_norm2.call(x)))));
    }
}

/// <summary>Attention by hand: product, mask, softmax, product.</summary>
internal sealed class StockAttention : nn.Module<Tensor, Tensor, Tensor>
{
    private readonly Linear _query, _keyValue, _output;
    private readonly Dropout _dropout;
    private readonly long _heads;
    private readonly bool _causal;
    private readonly double _scale;

    /// <param name="width">Of the stream.</param>
    /// <param name="heads">How many.</param>
    /// <param name="causal">Whether a position sees earlier ones alone.</param>
    /// <param name="dropout">Of the weights.</param>
    /// <param name="bias">Of the projections.</param>
    /// <param name="scaled">Whether scores are divided by the root of the head's width.</param>
    public StockAttention(long width, long heads, bool causal, double dropout, bool bias, bool scaled = true) : base(nameof(StockAttention))
    {
        (_heads, _causal, _scale) = (heads, causal, scaled ? 1 / Math.Sqrt(width / heads) : 1);
        (_query, _keyValue, _output) = (nn.Linear(width, width, bias), nn.Linear(width, 2 * width, bias), nn.Linear(width, width, bias));
        _dropout = nn.Dropout(dropout);
        RegisterComponents();
    }

    /// <summary>Added to the scores of the next forward.</summary>
    public Tensor? Bias { get; set; }

    public override Tensor forward(Tensor x, Tensor memory)
    {
        var (rows, length, width) = (x.shape[0], x.shape[1], x.shape[2]);
        var keys = memory.shape[1];
        var q = _query.call(x).view(rows, length, _heads, -1).transpose(1, 2);
        var kv = _keyValue.call(memory).chunk(2, -1);
        var k = kv[0].reshape(rows, keys, _heads, -1).transpose(1, 2);
        var v = kv[1].reshape(rows, keys, _heads, -1).transpose(1, 2);
        var scores = q.matmul(k.transpose(-2, -1)) * _scale;
        if (Bias is not null)
        {
            scores += Bias;
        }

        if (_causal)
        {
            scores = scores.masked_fill(ones(length, keys, dtype: ScalarType.Bool).triu(1), float.NegativeInfinity);
        }

        var weights = _dropout.call(scores.softmax(-1));
        return _output.call(weights.matmul(v).transpose(1, 2).reshape(rows, length, width));
    }
}
