using Heirloom.Layers;

namespace Heirloom.Generation.Cpu;

/// <summary>
/// A decoder's forward with vectors of one width. All threads run it side by side, each with its share of every matrix's rows, of the tokens or of the heads,
/// and meet before one reads what others have written. Shares only say who computes a number, never how.
/// </summary>
internal sealed unsafe class DecoderForward<TSimd, TVector> : DecoderForward
    where TSimd : struct, ISimd<TVector>
    where TVector : unmanaged
{
    private const int Line = 16; // rows of a share are whole cache lines of results

    private readonly TransformerBlockConfig _block;
    private readonly Workspace _space;
    private readonly Rotations? _rotations;
    private readonly ScoreBias? _bias;
    private readonly WorkerTeam _team;
    private readonly Action<int> _work;
    private readonly TokenRun[] _runs = new TokenRun[Tokens];
    private readonly int[] _ids = new int[Tokens];
    private int _runCount, _count, _results;
    private float* _logits;

    public DecoderForward(DecoderWeights weights, int capacity, int threads) : base(weights)
    {
        var config = weights.Config;
        (_block, _work) = (config.Block, Work);
        var shape = _block.PositionsShape(config.ContextLength, causal: true);
        _space = new(_block, Tokens, capacity, threads);
        _rotations = config.Positions is RotaryPositionsConfig rotary ? new(rotary, shape.HeadWidth, Tokens) : null;
        _bias = ScoreBias.Of(config.Positions, shape, weights.Positions, capacity);
        _team = new(threads);
    }

    private bool NormsBefore => _block.Placement is NormPlacement.Pre or NormPlacement.Sandwich;

    public override void Read(ReadOnlySpan<TokenRun> runs, ReadOnlySpan<int> ids, float* logits)
    {
        runs.CopyTo(_runs);
        ids.CopyTo(_ids);
        (_runCount, _count, _results) = (runs.Length, ids.Length, 0);
        _logits = logits;
        foreach (var run in runs)
        {
            if (run.Result >= 0)
            {
                _logits = _results++ == 0 ? logits + ((long)run.Result * Weights.Head.Outputs) : _logits;
            }
        }

        _team.Run(_work);
        foreach (var run in runs)
        {
            run.Row.Length = run.Start + run.Count;
        }
    }

    public override void Dispose()
    {
        _team.Dispose();
        _space.Dispose();
        _rotations?.Dispose();
        _bias?.Dispose();
    }

    private void Work(int part)
    {
        Embed(part);
        for (var i = 0; i < Weights.Blocks.Length; i++)
        {
            var block = Weights.Blocks[i];
            _team.Meet();
            Project(part, block);
            _team.Meet();
            Place(part, block, i);
            _team.Meet();
            Attend(part, block, i);
            _team.Meet();
            Multiply(part, block.Output, _space.Attended, _space.QueryWidth, _space.Branch, _space.Width);
            _team.Meet();
            if (_block.Layout == BlockLayout.Sequential)
            {
                Join(part, block.AttentionNorm, block.AttentionPostNorm, block.FeedForwardNorm, null);
                _team.Meet();
            }

            Feed(part, block);
            _team.Meet();
            Multiply(part, block.Down, _space.Hidden, _space.HiddenWidth, _block.Layout == BlockLayout.Sequential ? _space.Branch : _space.OtherBranch, _space.Width);
            _team.Meet();
            var next = i + 1 < Weights.Blocks.Length ? Weights.Blocks[i + 1] : null;
            Join(part, block.FeedForwardNorm, block.FeedForwardPostNorm, next?.AttentionNorm, next?.FeedForwardNorm);
        }

        if (_results > 0)
        {
            Last(part);
            _team.Meet();
            var (first, last) = Share(Weights.Head.Outputs, part, Line);
            MatrixKernel<TSimd, TVector>.Multiply(Weights.Head, first, last, _space.Last, _space.Width, _results, _logits, Weights.Head.Outputs);
        }
    }

    /// <summary>A part of the whole: from <c>First</c> to before <c>Last</c>, cut at multiples of a unit.</summary>
    private (int First, int Last) Share(int whole, int part, int unit)
    {
        var units = (whole + unit - 1) / unit;
        return ((int)((long)units * part / _team.Size) * unit, Math.Min(whole, (int)((long)units * (part + 1) / _team.Size) * unit));
    }

    private void Multiply(int part, WeightMatrix matrix, float* x, int xStride, float* y, int yStride)
    {
        var (first, last) = Share(matrix.Outputs, part, Line);
        MatrixKernel<TSimd, TVector>.Multiply(matrix, first, last, x, xStride, _count, y, yStride);
    }

    private void Embed(int part)
    {
        var config = Weights.Config;
        var (first, last) = Share(_count, part, 1);
        for (var r = 0; r < _runCount; r++)
        {
            var run = _runs[r];
            for (var t = Math.Max(run.Offset, first); t < Math.Min(run.Offset + run.Count, last); t++)
            {
                var x = _space.Stream + ((long)t * _space.Width);
                new Span<float>(x, _space.Width).Clear();
                Weights.Embedding.AddRow(_ids[t], (float)config.EmbeddingScale, x);
                if (config.Positions is LearnedPositionsConfig learned)
                {
                    var position = learned.Offset + run.Start + t - run.Offset;
                    VectorKernel<TSimd, TVector>.Add(Weights.Positions + ((long)position * _space.Width), x, _space.Width);
                }

                if (Weights.EmbeddingNorm is { } norm)
                {
                    VectorKernel<TSimd, TVector>.Normalize(norm, x, x, _space.Width);
                }

                Before(t, Weights.Blocks[0].AttentionNorm, Weights.Blocks[0].FeedForwardNorm);
            }

            if (part == r % _team.Size)
            {
                _rotations?.Fill(run);
            }
        }
    }

    /// <summary>What the next branches read of a token's stream.</summary>
    private void Before(int token, NormWeights? norm, NormWeights? other)
    {
        var at = (long)token * _space.Width;
        if (NormsBefore && norm is not null)
        {
            VectorKernel<TSimd, TVector>.Normalize(norm, _space.Stream + at, _space.Normed + at, _space.Width);
        }

        if (_block.Layout == BlockLayout.Parallel && other is not null)
        {
            VectorKernel<TSimd, TVector>.Normalize(other, _space.Stream + at, _space.OtherNormed + at, _space.Width);
        }
    }

    private void Project(int part, BlockWeights block)
    {
        var x = NormsBefore ? _space.Normed : _space.Stream;
        Multiply(part, block.Query, x, _space.Width, _space.Projected, _space.ProjectedWidth);
        Multiply(part, block.Key, x, _space.Width, _space.Projected + _space.QueryWidth, _space.ProjectedWidth);
        Multiply(part, block.Value, x, _space.Width, _space.Projected + _space.QueryWidth + _space.KeyWidth, _space.ProjectedWidth);
    }

    /// <summary>Norms and rotation of queries and keys; keys and values into their rows' caches.</summary>
    private void Place(int part, BlockWeights block, int layer)
    {
        var (first, last) = Share(_count, part, 1);
        for (var r = 0; r < _runCount; r++)
        {
            var run = _runs[r];
            for (var t = Math.Max(run.Offset, first); t < Math.Min(run.Offset + run.Count, last); t++)
            {
                var query = _space.Projected + ((long)t * _space.ProjectedWidth);
                var key = query + _space.QueryWidth;
                Turn(query, _block.Attention.Heads, block.QueryNorm, t);
                Turn(key, _space.KeyHeads, block.KeyNorm, t);
                var at = (long)(run.Start + t - run.Offset) * _space.HeadWidth;
                for (var h = 0; h < _space.KeyHeads; h++)
                {
                    var head = new Span<float>(key + (h * _space.HeadWidth), _space.HeadWidth);
                    head.CopyTo(new(run.Row.Keys(layer, h) + at, _space.HeadWidth));
                    head = new Span<float>(key + _space.KeyWidth + (h * _space.HeadWidth), _space.HeadWidth);
                    head.CopyTo(new(run.Row.Values(layer, h) + at, _space.HeadWidth));
                }
            }
        }
    }

    private void Turn(float* vectors, int heads, NormWeights? norm, int token)
    {
        if (norm is not null && _block.Attention.QueryKeyNorm == QueryKeyNorm.All)
        {
            VectorKernel<TSimd, TVector>.Normalize(norm, vectors, vectors, heads * _space.HeadWidth);
        }

        for (var h = 0; h < heads; h++)
        {
            var vector = vectors + (h * _space.HeadWidth);
            if (norm is not null && _block.Attention.QueryKeyNorm == QueryKeyNorm.Head)
            {
                VectorKernel<TSimd, TVector>.Normalize(norm, vector, vector, _space.HeadWidth);
            }

            if (_rotations is not null)
            {
                VectorKernel<TSimd, TVector>.Rotate(vector, _rotations.Cos(token), _rotations.Sin(token), _rotations.Half);
            }
        }
    }

    /// <summary>Queries of one key head, in the order of tokens, go in groups; a group is one thread's.</summary>
    private void Attend(int part, BlockWeights block, int layer)
    {
        var shared = _block.Attention.Heads / _space.KeyHeads;
        var turn = 0;
        for (var r = 0; r < _runCount; r++)
        {
            var queries = _runs[r].Count * shared;
            for (var head = 0; head < _space.KeyHeads; head++)
            {
                for (var q = 0; q < queries; q += AttentionQuery.AtOnce)
                {
                    if (turn++ % _team.Size == part)
                    {
                        Attend(part, _runs[r], layer, head, shared, q, Math.Min(AttentionQuery.AtOnce, queries - q), block.Window);
                    }
                }
            }
        }
    }

    private void Attend(int part, TokenRun run, int layer, int keyHead, int shared, int firstQuery, int count, int window)
    {
        var queries = stackalloc AttentionQuery[count];
        var scaled = _space.Queries(part);
        var factor = (float)_block.Attention.ScaleOf(_space.HeadWidth, layer);
        for (var i = 0; i < count; i++)
        {
            var (token, head) = ((firstQuery + i) / shared, (keyHead * shared) + ((firstQuery + i) % shared));
            var position = run.Start + token;
            var at = (long)(run.Offset + token);
            VectorKernel<TSimd, TVector>.Scale(
                _space.Projected + (at * _space.ProjectedWidth) + ((long)head * _space.HeadWidth), factor, scaled + ((long)i * _space.HeadWidth), _space.HeadWidth);
            queries[i] = new(
                (int)Math.Max(0, position - (long)window + 1),
                position + 1,
                _bias is null ? null : _bias.For(head, position),
                _space.Attended + (at * _space.QueryWidth) + ((long)head * _space.HeadWidth));
        }

        AttentionKernel<TSimd, TVector>.Attend(
            new(queries, count), scaled, run.Row.Keys(layer, keyHead), run.Row.Values(layer, keyHead), _space.HeadWidth, _space.Scores(part), _space.ScoreStride);
    }

    private void Feed(int part, BlockWeights block)
    {
        var x = _block.Layout == BlockLayout.Parallel ? _space.OtherNormed : NormsBefore ? _space.Normed : _space.Stream;
        var (first, last) = Share(_space.HiddenWidth, part, Line);
        MatrixKernel<TSimd, TVector>.Multiply(block.Gate ?? block.Up, first, last, x, _space.Width, _count, _space.Hidden, _space.HiddenWidth);
        if (block.Gate is not null)
        {
            MatrixKernel<TSimd, TVector>.Multiply(block.Up, first, last, x, _space.Width, _count, _space.Factor, _space.HiddenWidth);
        }

        for (var t = 0; t < _count; t++)
        {
            var at = ((long)t * _space.HiddenWidth) + first;
            ActivationKernel<TSimd, TVector>.Apply(_block.FeedForward.Activation, _space.Hidden + at, block.Gate is null ? null : _space.Factor + at, last - first);
        }
    }

    /// <summary>Adds a branch to the stream, with the norm on its way, and prepares what the next branches read.</summary>
    private void Join(int part, NormWeights? norm, NormWeights? postNorm, NormWeights? next, NormWeights? other)
    {
        var (first, last) = Share(_count, part, 1);
        for (var t = first; t < last; t++)
        {
            var at = (long)t * _space.Width;
            var x = _space.Stream + at;
            var branch = _space.Branch + at;
            if (postNorm is not null)
            {
                VectorKernel<TSimd, TVector>.Normalize(postNorm, branch, branch, _space.Width);
            }

            if (_block.Layout != BlockLayout.Sequential)
            {
                VectorKernel<TSimd, TVector>.Add(_space.OtherBranch + at, branch, _space.Width);
            }

            VectorKernel<TSimd, TVector>.Add(branch, x, _space.Width);
            if (_block.Placement == NormPlacement.Post)
            {
                VectorKernel<TSimd, TVector>.Normalize(norm!, x, x, _space.Width);
            }

            Before(t, next, other);
        }
    }

    /// <summary>Gathers the vectors after which logits are asked for. Each thread takes the tokens that it joined.</summary>
    private void Last(int part)
    {
        var (first, last) = Share(_count, part, 1);
        var result = 0;
        for (var r = 0; r < _runCount; r++)
        {
            var run = _runs[r];
            var token = run.Offset + run.Count - 1;
            if (run.Result >= 0 && token >= first && token < last)
            {
                var x = _space.Stream + ((long)token * _space.Width);
                var to = _space.Last + ((long)result * _space.Width);
                if (Weights.Norm is { } norm)
                {
                    VectorKernel<TSimd, TVector>.Normalize(norm, x, to, _space.Width);
                }
                else
                {
                    new Span<float>(x, _space.Width).CopyTo(new(to, _space.Width));
                }
            }

            result += run.Result >= 0 ? 1 : 0;
        }
    }
}
