using Heirloom.Layers;
using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Generation;

/// <summary>A model reading rows step by step, with its cache: what every way of decoding is made of.</summary>
/// <remarks>
/// Prompts of different lengths are aligned at their ends. While it lives, its thread computes no gradients and the model is in evaluation mode.
/// </remarks>
public sealed class DecodingSession : IDisposable
{
    private readonly ICausalLM _model;
    private readonly KeyValueCache _cache;
    private readonly IReadOnlyList<IReadOnlyList<int>> _prompts;
    private readonly Device _device;
    private readonly IDisposable _frozen;
    private readonly bool _wasTraining;

    /// <param name="model">The model.</param>
    /// <param name="prompts">At least one, none empty.</param>
    /// <param name="maxTokens">So many will be asked for.</param>
    /// <exception cref="UserError">An empty prompt, one longer than the context, a token outside the vocabulary.</exception>
    public DecodingSession(ICausalLM model, IReadOnlyList<IReadOnlyList<int>> prompts, int maxTokens)
    {
        Check(model, prompts);
        _model = model;
        _prompts = prompts;
        _device = model.Module.parameters().First().device;
        // The last token asked for is never read.
        _cache = model.NewCache(prompts.Count, (int)Math.Min(model.ContextLength, prompts.Max(p => p.Count) + (long)maxTokens - 1));
        _wasTraining = model.Module.training;
        _frozen = no_grad();
        if (_wasTraining)
        {
            model.Module.eval();
        }
    }

    /// <summary>Whether another step would not fit.</summary>
    public bool IsFull => _cache.Length >= _cache.Capacity;

    /// <summary>Reads the prompts.</summary>
    /// <returns><c>[B, V]</c> float32 logits of the next tokens.</returns>
    public Tensor Start()
    {
        using var scope = NewDisposeScope();
        var length = _prompts.Max(p => p.Count);
        var ids = new long[_prompts.Count * length];
        for (var b = 0; b < _prompts.Count; b++)
        {
            var prompt = _prompts[b];
            for (var i = 0; i < prompt.Count; i++)
            {
                ids[((b + 1) * length) - prompt.Count + i] = prompt[i];
            }
        }

        if (_prompts.Any(p => p.Count < length))
        {
            _cache.LeftPadding = tensor(_prompts.Select(p => (long)(length - p.Count)).ToArray(), device: _device);
        }

        return Read(tensor(ids, device: _device).view(_prompts.Count, length)).MoveToOuterDisposeScope();
    }

    /// <summary>Reads one more token a row.</summary>
    /// <returns><c>[B, V]</c> float32 logits of the next tokens.</returns>
    public Tensor Step(long[] tokens)
    {
        using var scope = NewDisposeScope();
        return Read(tensor(tokens, device: _device).unsqueeze(1)).MoveToOuterDisposeScope();
    }

    /// <summary>Goes on with the given rows, in the given order; a row may leave or be there several times.</summary>
    public void Keep(long[] rows)
    {
        using var scope = NewDisposeScope();
        _cache.Reorder(tensor(rows, device: _device));
    }

    public void Dispose()
    {
        _cache.Dispose();
        _frozen.Dispose();
        if (_wasTraining)
        {
            _model.Module.train();
        }
    }

    private Tensor Read(Tensor ids)
    {
        var hidden = _model.Encode(ids, _cache);
        return _model.Head(hidden.select(1, hidden.shape[1] - 1)).to(ScalarType.Float32);
    }

    /// <summary>Refuses prompts that cannot be read.</summary>
    /// <exception cref="UserError">An empty prompt, one longer than the context, a token outside the vocabulary.</exception>
    internal static void Check(ICausalLM model, IReadOnlyList<IReadOnlyList<int>> prompts)
    {
        if (prompts.Count == 0)
        {
            throw new UserError("there is no prompt");
        }

        for (var i = 0; i < prompts.Count; i++)
        {
            var where = prompts.Count == 1 ? "prompt" : $"prompt {i + 1}";
            if (prompts[i].Count == 0)
            {
                throw new UserError("it has no tokens", where, "give at least one, such as the tokenizer's start token");
            }

            if (prompts[i].Count > model.ContextLength)
            {
                throw new UserError($"its {prompts[i].Count} tokens do not fit the model's context of {model.ContextLength}", where, "shorten it");
            }

            if (prompts[i].FirstOrDefault(id => id < 0 || id >= model.VocabularySize, defaultValue: 0) is var id and not 0)
            {
                throw new UserError($"token {id} is outside the model's vocabulary of {model.VocabularySize}", where, "use the tokenizer that belongs to the model");
            }
        }
    }
}
