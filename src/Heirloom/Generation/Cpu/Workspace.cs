using Heirloom.Layers;

namespace Heirloom.Generation.Cpu;

/// <summary>Room for what one forward computes: a vector for each token, one after the other.</summary>
internal sealed unsafe class Workspace : IDisposable
{
    private const int Apart = 64; // numbers between what different threads write

    private readonly List<FloatBuffer> _buffers = [];
    private readonly float* _queries, _scores;
    private readonly int _queryStride;

    /// <param name="block">The model's.</param>
    /// <param name="tokens">Of a forward at most.</param>
    /// <param name="capacity">Positions that a query sees at most.</param>
    /// <param name="threads">That compute side by side.</param>
    public Workspace(TransformerBlockConfig block, int tokens, int capacity, int threads)
    {
        (Width, HeadWidth, KeyHeads, HiddenWidth) = (block.Width, block.Attention.HeadWidthOf(block.Width), block.Attention.KeyHeads(), block.FeedForward.Width);
        (QueryWidth, KeyWidth) = (block.Attention.Heads * HeadWidth, KeyHeads * HeadWidth);
        ProjectedWidth = QueryWidth + (2 * KeyWidth);
        ScoreStride = capacity;
        _queryStride = (AttentionQuery.AtOnce * HeadWidth) + Apart;

        Stream = New(tokens, Width);
        Normed = New(tokens, Width);
        OtherNormed = New(tokens, Width);
        Projected = New(tokens, ProjectedWidth);
        Attended = New(tokens, QueryWidth);
        Branch = New(tokens, Width);
        OtherBranch = New(tokens, Width);
        Hidden = New(tokens, HiddenWidth);
        Factor = New(tokens, HiddenWidth);
        Last = New(tokens, Width);
        _queries = New(threads, _queryStride);
        _scores = New(threads, ((long)AttentionQuery.AtOnce * capacity) + Apart);
    }

    public int Width { get; }

    public int HeadWidth { get; }

    public int KeyHeads { get; }

    public int HiddenWidth { get; }

    /// <summary>All query heads together.</summary>
    public int QueryWidth { get; }

    /// <summary>All key heads together, and as many values.</summary>
    public int KeyWidth { get; }

    /// <summary>Queries, keys and values.</summary>
    public int ProjectedWidth { get; }

    /// <summary>The residual stream.</summary>
    public float* Stream { get; }

    /// <summary>What a branch reads.</summary>
    public float* Normed { get; }

    /// <summary>What the feed-forward reads where it has a norm of its own beside the attention's.</summary>
    public float* OtherNormed { get; }

    /// <summary>A token's queries, keys and values.</summary>
    public float* Projected { get; }

    /// <summary>What heads give.</summary>
    public float* Attended { get; }

    /// <summary>What a branch gives.</summary>
    public float* Branch { get; }

    /// <summary>What the feed-forward gives beside the attention.</summary>
    public float* OtherBranch { get; }

    /// <summary>The feed-forward's hidden vector.</summary>
    public float* Hidden { get; }

    /// <summary>What a gate multiplies.</summary>
    public float* Factor { get; }

    /// <summary>The vectors after which logits are asked for.</summary>
    public float* Last { get; }

    /// <summary>From one query's scores to the next's.</summary>
    public int ScoreStride { get; }

    /// <summary>A thread's own room for scaled queries.</summary>
    public float* Queries(int thread) => _queries + ((long)thread * _queryStride);

    /// <summary>A thread's own room for scores.</summary>
    public float* Scores(int thread) => _scores + (thread * (((long)AttentionQuery.AtOnce * ScoreStride) + Apart));

    public void Dispose() => _buffers.ForEach(b => b.Dispose());

    private float* New(long vectors, long width)
    {
        var buffer = new FloatBuffer(vectors * width);
        _buffers.Add(buffer);
        return buffer.Data;
    }
}
