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

    /// <summary>Reads one source.</summary>
    /// <param name="model">The model; it stays the caller's.</param>
    /// <param name="source">Token ids.</param>
    /// <param name="where">What to call the source in errors.</param>
    /// <exception cref="UserError">An empty source, one longer than the context, or a token outside the vocabulary.</exception>
    public static SourcedDecoder Read(ISequenceToSequenceLM model, IReadOnlyList<int> source, string where = "source")
    {
        if (source.Count == 0)
        {
            throw new UserError("it has no tokens", where, "give at least one");
        }

        if (model is ITokenEncoder { ContextLength: var context } && source.Count > context)
        {
            throw new UserError($"its {source.Count} tokens do not fit the model's context of {context}", where, "shorten it");
        }

        if (source.FirstOrDefault(id => id < 0 || id >= model.VocabularySize, defaultValue: 0) is var id and not 0)
        {
            throw new UserError($"token {id} is outside the model's vocabulary of {model.VocabularySize}", where, "use the tokenizer that belongs to the model");
        }

        using var ids = tensor(source.Select(id => (long)id).ToArray(), [1, source.Count], device: model.Module.parameters().First().device);
        return Read(model, ids);
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
