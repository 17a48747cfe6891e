using Heirloom.Encoding;
using Heirloom.Models;
using Heirloom.Models.Heads;
using Heirloom.Models.Text;
using static TorchSharp.torch;

namespace Heirloom.Generation.Text;

/// <summary>How texts become vectors.</summary>
public sealed record EmbeddingConfig
{
    public Pooling Pooling { get; init; } = Pooling.Mean;

    /// <summary>Whether vectors have length 1, so that their product is their cosine.</summary>
    public bool Normalize { get; init; }

    /// <summary>Whether texts that are longer than the model's context are cut; else they are refused.</summary>
    public bool Truncate { get; init; }

    /// <summary>Texts that are read at once.</summary>
    [System.ComponentModel.DataAnnotations.Range(1, 65536)]
    public int BatchSize { get; init; } = 16;
}

/// <summary>Texts to vectors: a token encoder with its tokenizer.</summary>
public sealed class TextEmbedder
{
    private readonly ITokenEncoder _model;
    private readonly EmbeddingConfig _config;
    private readonly InputEncoder _inputs;

    /// <param name="model">Any language model.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <param name="config">Pooling and length.</param>
    /// <exception cref="UserError">The model has not the pooling that is asked for.</exception>
    public TextEmbedder(ITokenEncoder model, Tokenizer tokenizer, EmbeddingConfig? config = null)
    {
        _model = model;
        _config = config ?? new();
        _config.Pooling.Check(model);
        _inputs = new(tokenizer, model.ContextLength, _config.Truncate);
    }

    public int Width => _model.Width;

    /// <summary>Whether vectors have length 1.</summary>
    public bool Normalizes => _config.Normalize;

    /// <summary>One vector a text, in order.</summary>
    /// <exception cref="UserError">A text that has no tokens, or is longer than the context.</exception>
    /// <exception cref="OperationCanceledException">Asked to stop.</exception>
    public IReadOnlyList<float[]> Embed(IReadOnlyList<string> texts, CancellationToken stop = default) => Embed(texts, out _, stop);

    /// <inheritdoc cref="Embed(IReadOnlyList{string}, CancellationToken)"/>
    /// <param name="texts">Texts.</param>
    /// <param name="tokens">How many tokens were read, special ones included.</param>
    /// <param name="stop">Asks to stop.</param>
    public IReadOnlyList<float[]> Embed(IReadOnlyList<string> texts, out long tokens, CancellationToken stop = default)
    {
        var inputs = texts.Select((text, i) => _inputs.Encode(text, where: $"text {i + 1}")).ToList();
        tokens = inputs.Sum(i => (long)i.Ids.Length);
        var vectors = new float[texts.Count][];
        using var frozen = no_grad();
        var wasTraining = _model.Module.training;
        _model.Module.eval();
        try
        {
            // texts of like length together: little padding
            foreach (var batch in Enumerable.Range(0, texts.Count).OrderBy(i => inputs[i].Ids.Length).Chunk(_config.BatchSize))
            {
                stop.ThrowIfCancellationRequested();
                var values = Embed([.. batch.Select(i => inputs[i])]);
                for (var i = 0; i < batch.Length; i++)
                {
                    vectors[batch[i]] = values[(i * Width)..((i + 1) * Width)];
                }
            }
        }
        finally
        {
            _model.Module.train(wasTraining);
        }

        return vectors;
    }

    private float[] Embed(IReadOnlyList<EncodedInput> batch)
    {
        using var scope = NewDisposeScope();
        var inputs = _inputs.Batch(batch, ReadsTypes(_model), _model.Module.parameters().First().device);
        var pooled = _config.Pooling.Apply(_model, _model.Encode(inputs), inputs).to(ScalarType.Float32);
        if (_config.Normalize)
        {
            pooled = nn.functional.normalize(pooled, 2, -1);
        }

        return pooled.cpu().contiguous().data<float>().ToArray();
    }

    /// <summary>Whether a model has types of tokens.</summary>
    internal static bool ReadsTypes(IModel model) => (model.Config is HeadConfig head ? head.Encoder : model.Config) is EncoderConfig { TokenTypes: > 1 };
}
