using Heirloom.Generation.Text;
using Microsoft.Extensions.AI;

namespace Heirloom.Generation.Clients;

/// <summary>A model on this machine as an embedding generator: one call at a time, the others wait.</summary>
/// <param name="embedder">The model with its tokenizer; its model stays the caller's.</param>
/// <param name="name">By what name the model is known.</param>
public sealed class LocalEmbeddingGenerator(TextEmbedder embedder, string name = "local") : IEmbeddingGenerator<string, Embedding<float>>
{
    private readonly SemaphoreSlim _gate = new(1);
    private readonly EmbeddingGeneratorMetadata _metadata = new("heirloom", defaultModelId: name, defaultModelDimensions: embedder.Width);

    /// <exception cref="UserError">A text has no tokens or does not fit the context, or more dimensions are asked for than there are.</exception>
    /// <exception cref="OperationCanceledException">Asked to stop.</exception>
    public async Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(IEnumerable<string> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        if (options?.Dimensions is { } asked && (asked < 1 || asked > embedder.Width))
        {
            throw new UserError($"{asked} dimensions of {embedder.Width} cannot be given", nameof(options.Dimensions), $"1 to {embedder.Width}");
        }

        var texts = values.ToList();
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var (vectors, tokens) = await Task.Run(
                () => (embedder.Embed(texts, out var count, cancellationToken), count), cancellationToken).ConfigureAwait(false);
            return new(vectors.Select(v => new Embedding<float>(options?.Dimensions is { } width ? Cut(v, width) : v) { ModelId = name }))
            {
                Usage = new() { InputTokenCount = tokens, TotalTokenCount = tokens },
            };
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>The first dimensions; where vectors have length 1, that is theirs too.</summary>
    private float[] Cut(float[] vector, int width)
    {
        var cut = vector[..width];
        var length = embedder.Normalizes ? Math.Max(MathF.Sqrt(cut.Sum(x => x * x)), 1e-12f) : 1;
        return [.. cut.Select(x => x / length)];
    }

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is not null ? null
        : serviceType == typeof(EmbeddingGeneratorMetadata) ? _metadata
        : serviceType.IsInstanceOfType(this) ? this
        : serviceType.IsInstanceOfType(embedder) ? embedder
        : null;

    public void Dispose() => _gate.Dispose();
}
