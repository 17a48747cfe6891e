using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Heirloom.Bench.Stock;

/// <summary>T5 as its first port to this library was written: RMS norms and relative biases by hand, ReLU, tied head.</summary>
internal sealed class StockT5 : nn.Module<Tensor, Tensor, Tensor>
{
    private readonly Embedding _embedding, _encoderBias, _decoderBias;
    private readonly ModuleList<Layer> _encoder, _decoder;
    private readonly Rms _encoderNorm, _decoderNorm;
    private readonly double _scale;

    public StockT5(long vocabulary, long width, int layers, long heads) : base(nameof(StockT5))
    {
        _embedding = nn.Embedding(vocabulary, width);
        (_encoderBias, _decoderBias) = (nn.Embedding(Buckets, heads), nn.Embedding(Buckets, heads));
        _encoder = new([.. Enumerable.Range(0, layers).Select(_ => new Layer(width, heads, decoder: false))]);
        _decoder = new([.. Enumerable.Range(0, layers).Select(_ => new Layer(width, heads, decoder: true))]);
        (_encoderNorm, _decoderNorm, _scale) = (new(width), new(width), 1 / Math.Sqrt(width));
        RegisterComponents();
    }

    private const int Buckets = 32, Farthest = 128;

    public override Tensor forward(Tensor source, Tensor target)
    {
        var memory = _embedding.call(source);
        var bias = Bias(_encoderBias, source.shape[1], bidirectional: true);
        foreach (var layer in _encoder)
        {
            memory = layer.call(memory, null, bias);
        }

        memory = _encoderNorm.call(memory);
        var x = _embedding.call(target);
        bias = Bias(_decoderBias, target.shape[1], bidirectional: false);
        foreach (var layer in _decoder)
        {
            x = layer.call(x, memory, bias);
        }

        return nn.functional.linear(_decoderNorm.call(x) * _scale, _embedding.weight!);
    }

    /// <summary>Raffel et al. 2020, §2.1: a scalar for each head and each logarithmic bucket of distances.</summary>
    private static Tensor Bias(Embedding table, long length, bool bidirectional)
    {
        var distance = arange(length).unsqueeze(0) - arange(length).unsqueeze(1);
        var buckets = bidirectional ? Buckets / 2 : Buckets;
        var offset = bidirectional ? distance.gt(0).to(ScalarType.Int64) * buckets : zeros_like(distance);
        distance = bidirectional ? distance.abs() : -distance.clamp(max: 0);
        var exact = buckets / 2;
        var far = exact + (((distance.to(ScalarType.Float32) / exact).clamp(min: 1e-6).log() / Math.Log((double)Farthest / exact)) * (buckets - exact)).to(ScalarType.Int64);
        var bucket = offset + where(distance.lt(exact), distance, far.clamp(max: buckets - 1));
        return table.call(bucket).permute(2, 0, 1).unsqueeze(0);
    }

    private sealed class Layer : nn.Module<Tensor, Tensor?, Tensor, Tensor>
    {
        private readonly Rms _norm1, _norm2, _norm3;
        private readonly StockAttention _self;
        private readonly StockAttention? _cross;
        private readonly Linear _up, _down;

        public Layer(long width, long heads, bool decoder) : base(nameof(Layer))
        {
            (_norm1, _norm2, _norm3) = (new(width), new(width), new(width));
            _self = new(width, heads, causal: decoder, dropout: 0, bias: false, scaled: false);
            _cross = decoder ? new(width, heads, causal: false, dropout: 0, bias: false, scaled: false) : null;
            (_up, _down) = (nn.Linear(width, 4 * width, false), nn.Linear(4 * width, width, false));
            RegisterComponents();
        }

        public override Tensor forward(Tensor x, Tensor? memory, Tensor bias)
        {
            var normed = _norm1.call(x);
            _self.Bias = bias;
            x += _self.call(normed, normed);
            x = _cross is null ? x : x + _cross.call(_norm2.call(x), memory!);
            return x + _down.call(nn.functional.relu(_up.call(_norm3.call(x))));
        }
    }

    private sealed class Rms : nn.Module<Tensor, Tensor>
    {
        private readonly Parameter _weight;

        public Rms(long width) : base(nameof(Rms))
        {
            _weight = new(ones(width));
            RegisterComponents();
        }

        public override Tensor forward(Tensor x) => x * rsqrt(x.square().mean([-1], true) + 1e-6) * _weight;
    }
}
