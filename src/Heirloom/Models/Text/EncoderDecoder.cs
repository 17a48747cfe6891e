using Heirloom.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Models.Text;

/// <summary>Reads a source both ways, writes a target token by token.</summary>
public sealed class EncoderDecoder : nn.Module, ISequenceToSequenceLM
{
    private readonly EncoderDecoderConfig _config;

    [ComponentName(Name = "embedding")]
    private readonly Embedding _embedding;

    [ComponentName(Name = "encoder")]
    private readonly Stack _encoder;

    [ComponentName(Name = "decoder")]
    private readonly Stack _decoder;

    [ComponentName(Name = "head")]
    private readonly Linear? _head;

    internal EncoderDecoder(EncoderDecoderConfig config) : base(nameof(EncoderDecoder))
    {
        if (config.DecoderStart >= config.VocabularySize)
        {
            throw new UserError($"decoding cannot start from {config.DecoderStart} in a vocabulary of {config.VocabularySize}", "decoder_start");
        }

        _config = config;
        _embedding = Projections.Embedding(config.VocabularySize, Width);
        _encoder = new Stack(config, config.EncoderLayers, causal: false);
        _decoder = new Stack(config, config.DecoderLayers, causal: true);
        _head = config.TieEmbeddings ? null : Projections.Linear(Width, config.VocabularySize, bias: false);
        RegisterComponents();
    }

    public ModelConfig Config => _config;

    public int Width => _config.Block.Width;

    public int VocabularySize => _config.VocabularySize;

    public int DecoderStart => _config.DecoderStart;

    public Tensor EncodeSource(Tensor source, Tensor? mask)
    {
        using var scope = NewDisposeScope();
        return _encoder.call(_embedding.call(source), new() { Mask = mask }, new()).MoveToOuterDisposeScope();
    }

    public Tensor Decode(Tensor target, Tensor memory, Tensor? memoryMask)
    {
        using var scope = NewDisposeScope();
        var x = _embedding.call(target);
        var context = new AttentionContext { Memory = memory, MemoryMask = AttentionPattern.Cross(memoryMask, x) };
        return _decoder.call(x, new() { Causal = true }, context).MoveToOuterDisposeScope();
    }

    public Tensor Head(Tensor hidden)
    {
        using var scope = NewDisposeScope();
        return (_head?.call(hidden) ?? nn.functional.linear(hidden.mul(1 / Math.Sqrt(Width)), _embedding.weight!)).MoveToOuterDisposeScope();
    }

    /// <summary>Blocks that share one table of relative positions, and the norm after them.</summary>
    private sealed class Stack : nn.Module<Tensor, AttentionPattern, AttentionContext, Tensor>
    {
        private readonly TransformerBlockConfig _block;

        [ComponentName(Name = "relative_positions")]
        private readonly RelativePositions _positions;

        [ComponentName(Name = "layers")]
        private readonly ModuleList<TransformerBlock> _layers;

        [ComponentName(Name = "norm")]
        private readonly nn.Module<Tensor, Tensor> _norm;

        public Stack(EncoderDecoderConfig config, int layers, bool causal) : base(nameof(Stack))
        {
            _block = config.Block;
            _positions = new(config.RelativePositions, _block.Attention.Heads, bidirectional: !causal);
            _layers = new([.. Enumerable.Range(0, layers).Select(_ => new TransformerBlock(_block, causal ? _block.Width : null))]);
            _norm = _block.Norm.Build(_block.Width);
            RegisterComponents();
        }

        public override Tensor forward(Tensor x, AttentionPattern pattern, AttentionContext context)
        {
            using var scope = NewDisposeScope();
            var length = x.shape[1];
            context = context with
            {
                Mask = (pattern with { Window = _block.Attention.Window, Bias = _positions.Bias(length, length, x.device) }).Resolve(length, length, x),
            };
            x = Dropped(x);
            for (var i = 0; i < _layers.Count; i++)
            {
                x = _layers[i].call(x, context, i);
            }

            return Dropped(_norm.call(x)).MoveToOuterDisposeScope();
        }

        private Tensor Dropped(Tensor x) => training && _block.Dropout > 0 ? nn.functional.dropout(x, _block.Dropout) : x;
    }
}
