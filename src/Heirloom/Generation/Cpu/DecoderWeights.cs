using System.Collections.Immutable;
using Heirloom.Models.Text;

namespace Heirloom.Generation.Cpu;

/// <summary>A block's weights.</summary>
internal sealed class BlockWeights
{
    public required WeightMatrix Query { get; init; }

    public required WeightMatrix Key { get; init; }

    public required WeightMatrix Value { get; init; }

    public required WeightMatrix Output { get; init; }

    public required WeightMatrix Up { get; init; }

    public required WeightMatrix? Gate { get; init; }

    public required WeightMatrix Down { get; init; }

    public required NormWeights? QueryNorm { get; init; }

    public required NormWeights? KeyNorm { get; init; }

    public required NormWeights? AttentionNorm { get; init; }

    public required NormWeights? AttentionPostNorm { get; init; }

    public required NormWeights? FeedForwardNorm { get; init; }

    public required NormWeights? FeedForwardPostNorm { get; init; }

    /// <summary>A position sees positions less than so many away.</summary>
    public required int Window { get; init; }
}

/// <summary>A decoder's weights, read where the model keeps them.</summary>
internal sealed unsafe class DecoderWeights : IDisposable
{
    private readonly WeightReader _reader;

    /// <param name="model">One that <see cref="DecoderCoverage"/> admits.</param>
    public DecoderWeights(Decoder model)
    {
        _reader = new(model);
        Config = (DecoderConfig)model.Config;
        var (block, windows) = (Config.Block, Config.WindowLayers);
        Embedding = _reader.Matrix("embedding");
        EmbeddingNorm = _reader.Norm("embedding_norm", block.Norm);
        Positions = _reader.Vector("positions.weight");
        Norm = _reader.Norm("norm", block.Norm);
        var head = _reader.MatrixOrNull("head");
        Head = head ?? new()
        {
            Data = Embedding.Data,
            IsBFloat16 = Embedding.IsBFloat16,
            Outputs = Embedding.Outputs,
            Inputs = Embedding.Inputs,
            Bias = _reader.Vector("head.bias"),
        };
        Blocks =
        [
            .. Enumerable.Range(0, Config.Layers).Select(i => new BlockWeights
            {
                Query = _reader.Matrix($"layers.{i}.attention.query"),
                Key = _reader.Matrix($"layers.{i}.attention.key"),
                Value = _reader.Matrix($"layers.{i}.attention.value"),
                Output = _reader.Matrix($"layers.{i}.attention.output"),
                Up = _reader.Matrix($"layers.{i}.feed_forward.up"),
                Gate = _reader.MatrixOrNull($"layers.{i}.feed_forward.gate"),
                Down = _reader.Matrix($"layers.{i}.feed_forward.down"),
                QueryNorm = _reader.Norm($"layers.{i}.attention.query_norm", block.Norm),
                KeyNorm = _reader.Norm($"layers.{i}.attention.key_norm", block.Norm),
                AttentionNorm = _reader.Norm($"layers.{i}.attention_norm", block.Norm),
                AttentionPostNorm = _reader.Norm($"layers.{i}.attention_post_norm", block.Norm),
                FeedForwardNorm = _reader.Norm($"layers.{i}.feed_forward_norm", block.Norm),
                FeedForwardPostNorm = _reader.Norm($"layers.{i}.feed_forward_post_norm", block.Norm),
                Window = windows.IsEmpty || windows.Contains(i) ? block.Attention.Window ?? int.MaxValue : int.MaxValue,
            }),
        ];
    }

    public DecoderConfig Config { get; }

    public WeightMatrix Embedding { get; }

    public NormWeights? EmbeddingNorm { get; }

    /// <summary>The weights of learned or relative positions, else null.</summary>
    public float* Positions { get; }

    public ImmutableArray<BlockWeights> Blocks { get; }

    public NormWeights? Norm { get; }

    public WeightMatrix Head { get; }

    /// <summary>Numbers that a token's forward reads.</summary>
    public long Size => Of(Head) + Blocks.Sum(b => Of(b.Query) + Of(b.Key) + Of(b.Value) + Of(b.Output) + Of(b.Up) + Of(b.Gate) + Of(b.Down));

    public void Dispose() => _reader.Dispose();

    private static long Of(WeightMatrix? matrix) => matrix is null ? 0 : (long)matrix.Outputs * matrix.Inputs;
}
