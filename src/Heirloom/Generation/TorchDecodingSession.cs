using Heirloom.Layers;
using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Generation;

/// <summary>Any model on any device, by the tensor library and the model's cache.</summary>
/// <remarks>
/// Prompts of different lengths are aligned at their ends. While it lives, its thread computes no gradients and the model is in evaluation mode.
/// </remarks>
internal sealed class TorchDecodingSession : IDecodingSession
{
    private readonly ICausalLM _model;
    private readonly KeyValueCache _cache;
    private readonly IReadOnlyList<IReadOnlyList<int>> _prompts;
    private readonly Device _device;
    private readonly EvaluationMode _mode;

    /// <param name="model">The model.</param>
    /// <param name="prompts">Checked.</param>
    /// <param name="maxTokens">So many will be asked for.</param>
    public TorchDecodingSession(ICausalLM model, IReadOnlyList<IReadOnlyList<int>> prompts, int maxTokens)
    {
        _model = model;
        _prompts = prompts;
        _device = model.Module.parameters().First().device;
        // The last token asked for is never read.
        _cache = model.NewCache(prompts.Count, (int)Math.Min(model.ContextLength, prompts.Max(p => p.Count) + (long)maxTokens - 1));
        _mode = new(model);
    }

    public bool IsFull => _cache.Length >= _cache.Capacity;

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

    public Tensor Step(long[] tokens)
    {
        using var scope = NewDisposeScope();
        return Read(tensor(tokens, device: _device).unsqueeze(1)).MoveToOuterDisposeScope();
    }

    public void Keep(long[] rows)
    {
        using var scope = NewDisposeScope();
        _cache.Reorder(tensor(rows, device: _device));
    }

    public void Dispose()
    {
        _cache.Dispose();
        _mode.Dispose();
    }

    private Tensor Read(Tensor ids)
    {
        var hidden = _model.Encode(ids, _cache);
        return _model.Head(hidden.select(1, hidden.shape[1] - 1)).to(ScalarType.Float32);
    }
}
