using Heirloom.Layers;
using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Generation;

/// <summary>
/// The decoder of a sequence-to-sequence model whose source is read: it predicts the next token like any decoder, so that everything that writes with one
/// (sampling, beams, rules) writes targets too. Prompts start with the model's <see cref="ISequenceToSequenceLM.DecoderStart"/>, one for each row of the source.
/// </summary>
public sealed class SourcedDecoder : ICausalLM, IDisposable
{
    private readonly ISequenceToSequenceLM _model;
    private readonly Tensor _memory;
    private readonly Tensor? _mask;

    private SourcedDecoder(ISequenceToSequenceLM model, Tensor memory, Tensor? mask) => (_model, _memory, _mask) = (model, memory, mask);

    /// <summary>Reads a source, without gradients and with the model in evaluation mode.</summary>
    /// <param name="model">The model; it stays the caller's.</param>
    /// <param name="source"><c>[B, S]</c> int64</param>
    /// <param name="mask"><c>[B, S]</c> bool, true on real tokens; null when nothing is padded.</param>
    public static SourcedDecoder Read(ISequenceToSequenceLM model, Tensor source, Tensor? mask = null)
    {
        using var frozen = no_grad();
        var wasTraining = model.Module.training;
        model.Module.eval();
        try
        {
            return new(model, model.EncodeSource(source, mask).DetachFromDisposeScope(), mask?.clone().DetachFromDisposeScope());
        }
        finally
        {
            model.Module.train(wasTraining);
        }
    }

    /// <summary>What decoding starts from, for each row of the source.</summary>
    public IReadOnlyList<IReadOnlyList<int>> Prompts => [.. Enumerable.Range(0, (int)_memory.shape[0]).Select(_ => (IReadOnlyList<int>)[_model.DecoderStart])];

    public nn.Module Module => _model.Module;

    public ModelConfig Config => _model.Config;

    public int Width => _model.Width;

    public int VocabularySize => _model.VocabularySize;

    /// <summary>Longest target.</summary>
    public int ContextLength => (_model as ITokenEncoder)?.ContextLength ?? int.MaxValue;

    /// <summary>Reads whole targets. They have no segments and no prefix; padding at their ends needs no mask.</summary>
    public Tensor Encode(TokenInputs inputs) => _model.Decode(inputs.Ids, _memory, _mask);

    public Tensor Encode(Tensor ids, KeyValueCache cache) => _model.Decode(ids, cache);

    public Tensor Head(Tensor hidden) => _model.Head(hidden);

    /// <exception cref="ArgumentException">Another number of rows than the source has.</exception>
    public KeyValueCache NewCache(int rows, int capacity) => rows == _memory.shape[0]
        ? _model.NewCache(_memory, _mask, capacity)
        : throw new ArgumentException($"the source has {_memory.shape[0]} rows and not {rows}", nameof(rows));

    public void Dispose()
    {
        _memory.Dispose();
        _mask?.Dispose();
    }
}
