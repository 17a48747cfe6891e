using Heirloom.Layers;
using Heirloom.Models.Speech;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Models.Parts;

/// <summary>An assembled model that reads or hears a source and writes a text.</summary>
public sealed class AssembledSequences : AssembledModel, ISequenceToSequenceLM
{
    [ComponentName(Name = "target_embedding")]
    private readonly Embeddings? _own;

    [ComponentName(Name = "decoder")]
    private readonly TransformerPart _decoder;

    internal AssembledSequences(AssembledConfig config) : this(config, config.TargetEmbedding is { } own ? new Embeddings(own) : null)
    {
    }

    private AssembledSequences(AssembledConfig config, Embeddings? own) : base(nameof(AssembledSequences), config, place => place with
    {
        Width = config.Decoder!.Block.Width,
        Sight = Sight.Past,
        Words = own is null ? place.Words : own.Find<WordPart>(),
    })
    {
        Accept("writes text", t => t is CausalLMTarget);
        var target = Find<CausalLMTarget>() ?? throw new UserError("a decoder is trained to predict the next token", "targets", "targets: [{ kind: causal_lm }]");
        if (target.Prefix)
        {
            throw new UserError("a decoder reads no prefix both ways", "targets", "prefix: false; the source is what is read both ways");
        }

        _own = own;
        _decoder = (config.Decoder! with { Causal = true }).Build(Written.Width, _encoder.Width);
        if (Written.Find<WordPart>() is null)
        {
            throw new UserError("a decoder reads words", "target_embedding", "give it one that begins with word");
        }

        RegisterComponents();
    }

    public int VocabularySize => Written.Find<WordPart>()!.VocabularySize;

    public int DecoderStart => Settings.DecoderStart;

    public int PaddingToken => Settings.PaddingToken;

    /// <summary>Whether sources are recordings.</summary>
    public bool Hears => _embedding.Find<SpeechPart>() is not null;

    private Embeddings Written => _own ?? _embedding;

    /// <param name="source"><c>[B, S]</c>: int64 tokens, or samples.</param>
    /// <param name="mask"><c>[B, S]</c> bool or null.</param>
    /// <returns><c>[B, S', D]</c>, in which S' counts frames of samples.</returns>
    /// <exception cref="UserError">The source is of the other kind, or too long.</exception>
    public Tensor EncodeSource(Tensor source, Tensor? mask) => Hears
        ? Hear(new(source) { Mask = mask })
        : source.dtype == ScalarType.Int64 ? Encode(new StreamInputs { Tokens = new(source) { Mask = mask } })
        : throw new UserError("the model reads tokens, and these are numbers of another kind", mend: "give it ids");

    /// <summary>The memory of recordings, of which frames may be hidden.</summary>
    public Tensor Hear(AudioInputs inputs) => Encode(new StreamInputs { Audio = inputs });

    /// <summary>What makes frames of recordings.</summary>
    /// <exception cref="UserError">Sources are texts.</exception>
    public SpeechEncoder Frames => _embedding.Find<SpeechPart>()?.Frames ?? throw new UserError("the model reads tokens and hears nothing", mend: "give it a speech embedding");

    /// <summary>Which vectors of the memory are real.</summary>
    /// <param name="mask">Of the source, <c>[B, S]</c> bool; null for all.</param>
    public Tensor? MemoryMask(Tensor? mask) => Hears ? Frames.FrameMask(mask, output: false) : mask;

    public Tensor Decode(Tensor target, Tensor memory, Tensor? memoryMask)
    {
        using var scope = NewDisposeScope();
        var state = Written.Embed(new() { Tokens = new(target) });
        return _decoder.Run(state, new() { Memory = memory, MemoryMask = AttentionPattern.Cross(memoryMask, state.Vectors) }).MoveToOuterDisposeScope();
    }

    public KeyValueCache NewCache(Tensor memory, Tensor? memoryMask, int capacity) => new(_decoder.Layers, memory, memoryMask, capacity);

    public Tensor Decode(Tensor target, KeyValueCache cache)
    {
        using var scope = NewDisposeScope();
        var (mask, positions) = cache.Padded(target.shape[1], target.device);
        var state = Written.Embed(new() { Tokens = new(target), Start = cache.Length, Positions = positions }) with { Mask = mask };
        var hidden = _decoder.Run(state, new() { Memory = cache.Memory, MemoryMask = AttentionPattern.Cross(cache.MemoryMask, state.Vectors), Cache = cache });
        cache.Advance((int)target.shape[1]);
        return hidden.MoveToOuterDisposeScope();
    }

    public Tensor Head(Tensor hidden) => Find<CausalLMTarget>()!.Head(hidden);
}
