using Heirloom.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Models.Text;

/// <summary>Reads a source both ways, writes a target token by token.</summary>
public sealed class EncoderDecoder : nn.Module, ISequenceToSequenceLM, ITokenEncoder
{
    private readonly EncoderDecoderConfig _config;

    [ComponentName(Name = "embedding")]
    private readonly Embedding _embedding;

    [ComponentName(Name = "encoder")]
    private readonly Stack _encoder;

    [ComponentName(Name = "decoder")]
    private readonly Stack _decoder;

    [ComponentName(Name = "head")]
    private readonly VocabularyHead? _head;

    internal EncoderDecoder(EncoderDecoderConfig config) : base(nameof(EncoderDecoder))
    {
        if (config.DecoderStart >= config.VocabularySize)
        {
            throw new UserError($"decoding cannot start from {config.DecoderStart} in a vocabulary of {config.VocabularySize}", "decoder_start");
        }

        _config = config;
        _embedding = Projections.Embedding(config.VocabularySize, Width);
        _encoder = new Stack(config, config.Block, config.EncoderLayers, causal: false);
        _decoder = new Stack(config, config.DecoderBlockOrSame(), config.DecoderLayers, causal: true);
        _head = config.Head ? new(config.TieEmbeddings ? null : Width, config.VocabularySize, config.HeadBias) : null;
        RegisterComponents();
    }

    public ModelConfig Config => _config;

    public int Width => _config.Block.Width;

    public int VocabularySize => _config.VocabularySize;

    public int ContextLength => _config.ContextLength ?? int.MaxValue;

    public int DecoderStart => _config.DecoderStart;

    public int PaddingToken => _config.PaddingToken;

    /// <exception cref="UserError">The source is longer than the context.</exception>
    public Tensor EncodeSource(Tensor source, Tensor? mask)
    {
        using var scope = NewDisposeScope();
        return _encoder.call(Embed(source), _encoder.Positions.Count(source, null, mask), new() { Mask = mask }, new()).MoveToOuterDisposeScope();
    }

    /// <exception cref="UserError">The target is longer than the context.</exception>
    public Tensor Decode(Tensor target, Tensor memory, Tensor? memoryMask)
    {
        using var scope = NewDisposeScope();
        var x = Embed(target);
        var context = new AttentionContext { Memory = memory, MemoryMask = AttentionPattern.Cross(memoryMask, x) };
        return _decoder.call(x, null, new() { Causal = true }, context).MoveToOuterDisposeScope();
    }

    public KeyValueCache NewCache(Tensor memory, Tensor? memoryMask, int capacity) => new(_config.DecoderLayers, memory, memoryMask, capacity);

    /// <exception cref="UserError">More positions than the context has.</exception>
    public Tensor Decode(Tensor target, KeyValueCache cache)
    {
        using var scope = NewDisposeScope();
        var x = Embed(target);
        var (mask, positions) = cache.Padded(target.shape[1], target.device);
        var context = new AttentionContext { Memory = cache.Memory, MemoryMask = AttentionPattern.Cross(cache.MemoryMask, x), Cache = cache };
        var hidden = _decoder.call(x, positions, new() { Causal = true, Mask = mask }, context);
        cache.Advance((int)target.shape[1]);
        return hidden.MoveToOuterDisposeScope();
    }

    /// <summary>Reads tokens with both stacks: the decoder sees them shifted right, and its vectors are the result (Lewis et al. 2020, section 3).</summary>
    /// <exception cref="UserError">The sequence is longer than the context, or a part of it is a prefix.</exception>
    public Tensor Encode(TokenInputs inputs)
    {
        using var scope = NewDisposeScope();
        if (inputs.PrefixLengths is not null)
        {
            throw new UserError("an encoder–decoder reads no prefix both ways", mend: "give what is to be read both ways as the source");
        }

        var length = inputs.Ids.shape[1];
        var (source, target) = (Embed(inputs.Ids), Embed(Shifted(inputs)));
        // padding is hidden from the encoder and from cross-attention; causality keeps padding at the end from the decoder
        var whole = new AttentionPattern { Mask = inputs.Mask, Segments = inputs.Segments };
        var memory = _encoder.call(source, _encoder.Positions.Count(inputs.Ids, inputs.Segments, inputs.Mask), whole, new());
        var context = new AttentionContext { Memory = memory, MemoryMask = whole.Resolve(length, length, target) };
        return _decoder.call(target, _decoder.Positions.Count(inputs.Ids, inputs.Segments, null), new() { Causal = true, Segments = inputs.Segments }, context)
            .MoveToOuterDisposeScope();
    }

    /// <exception cref="UserError">It was built without a head.</exception>
    public Tensor Head(Tensor hidden)
    {
        using var scope = NewDisposeScope();
        var head = _head ?? throw new UserError("the model has no vocabulary head", mend: "build it with head: true, or load an architecture that writes");
        var scale = _config.HeadScaleOrDefault();
        return head.call(scale == 1 ? hidden : hidden.mul(KeptScalar.Of(scale)), _embedding.weight!).MoveToOuterDisposeScope();
    }

    private Tensor Embed(Tensor ids)
    {
        if (ids.shape[1] > ContextLength)
        {
            throw new UserError($"a sequence of {ids.shape[1]} tokens does not fit a context of {ContextLength}", mend: "shorten it or build the model with a longer context_length");
        }

        var x = _embedding.call(ids);
        return _config.EmbeddingScale == 1 ? x : x.mul(KeptScalar.Of(_config.EmbeddingScale));
    }

    public Tensor Shift(Tensor target) => _config.StartsWithLast
        ? DecoderInputs.Turn(target, PaddingToken)
        : DecoderInputs.ShiftRight(target, DecoderStart, PaddingToken);

    /// <summary>Each token's predecessor in its segment; <see cref="DecoderStart"/> before the first.</summary>
    /// <exception cref="UserError">Segments whose last tokens come first.</exception>
    private Tensor Shifted(TokenInputs inputs)
    {
        if (_config.StartsWithLast)
        {
            return inputs.Segments is null ? Shift(inputs.Ids)
                : throw new UserError("a target that starts with its last token is not packed with others", mend: "leave packing off");
        }

        var before = cat([full_like(inputs.Ids.narrow(1, 0, 1), KeptScalar.Of(DecoderStart)), inputs.Ids.narrow(1, 0, inputs.Ids.shape[1] - 1)], 1);
        if (inputs.Segments is not { } segments)
        {
            return before;
        }

        var (earlier, later) = (segments.narrow(1, 0, segments.shape[1] - 1), segments.narrow(1, 1, segments.shape[1] - 1));
        return before.masked_fill(nn.functional.pad(earlier.ne(later).to(ScalarType.Int64), [1, 0]).to(ScalarType.Bool), KeptScalar.Of(DecoderStart));
    }

    /// <summary>Blocks with their positions, of which relative ones are one table for all blocks, and the norm after them.</summary>
    private sealed class Stack : nn.Module<Tensor, Tensor?, AttentionPattern, AttentionContext, Tensor>
    {
        private readonly TransformerBlockConfig _block;
        private readonly bool _dropsOutput;

        [ComponentName(Name = "positions")]
        private readonly Positions _positions;

        [ComponentName(Name = "embedding_norm")]
        private readonly nn.Module<Tensor, Tensor>? _embeddingNorm;

        [ComponentName(Name = "layers")]
        private readonly ModuleList<TransformerBlock> _layers;

        [ComponentName(Name = "norm")]
        private readonly nn.Module<Tensor, Tensor>? _norm;

        public Stack(EncoderDecoderConfig config, TransformerBlockConfig block, int layers, bool causal) : base(nameof(Stack))
        {
            _block = block;
            _dropsOutput = config.OutputDropout && block.Placement != NormPlacement.Post;
            _positions = config.Positions.Build(block.PositionsShape(config.ContextLengthFor(config.Positions), causal));
            _embeddingNorm = config.EmbeddingNorm ? block.Norm.Build(block.Width) : null;
            _layers = new([.. Enumerable.Range(0, layers).Select(_ => new TransformerBlock(block, causal ? block.Width : null))]);
            // after post-norm blocks the stream is normalized already
            _norm = block.Placement == NormPlacement.Post ? null : block.Norm.Build(block.Width);
            RegisterComponents();
        }

        public Positions Positions => _positions;

        /// <param name="x"><c>[B, T, D]</c></param>
        /// <param name="positions"><c>[B, T]</c> where rows differ.</param>
        /// <param name="pattern">Who sees whom, but for windows and positions, which are the stack's.</param>
        /// <param name="context">Of cross-attention, and the cache.</param>
        public override Tensor forward(Tensor x, Tensor? positions, AttentionPattern pattern, AttentionContext context)
        {
            using var scope = NewDisposeScope();
            var (start, length) = (context.Cache?.Length ?? 0, x.shape[1]);
            var keys = start + length;
            context = context with
            {
                Mask = (pattern with { Window = _block.Attention.Window, Bias = _positions.Bias(length, keys, x.device) }).Resolve(length, keys, x),
                Rotation = _positions.Rotate(start, length, x),
            };
            x = _positions.Embed(x, start, _positions.Absolute ? positions : null);
            x = Dropped(_embeddingNorm?.call(x) ?? x);
            for (var i = 0; i < _layers.Count; i++)
            {
                x = _layers[i].call(x, context, i);
            }

            x = _norm?.call(x) ?? x;
            return (_dropsOutput ? Dropped(x) : x).MoveToOuterDisposeScope();
        }

        private Tensor Dropped(Tensor x) => Dropping.Apply(x, _block.Dropout, training);
    }
}
