using Heirloom.Models.Text;
using static TorchSharp.torch;

namespace Heirloom.Generation.Cpu;

/// <summary>A decoder read by kernels on the CPU. Rows have caches of their own, so nothing is padded, and each gives what it would alone, to the bit.</summary>
/// <remarks>Weights are read where the model keeps them; they are not to change while it lives.</remarks>
internal sealed unsafe class CpuDecodingSession : IDecodingSession
{
    // less work than this for each thread, and they would wait for one another most of the time
    private const long NumbersPerThread = 1 << 17;

    private readonly IReadOnlyList<IReadOnlyList<int>> _prompts;
    private readonly DecoderWeights _weights;
    private readonly DecoderForward _forward;
    private readonly EvaluationMode _mode;
    private readonly int _capacity;
    private readonly List<RowCache> _free = [];
    private readonly TokenRun[] _runs = new TokenRun[DecoderForward.Tokens];
    private readonly int[] _ids = new int[DecoderForward.Tokens];
    private List<RowCache> _rows;
    private Tensor? _logits;
    private bool _disposed;

    /// <param name="model">One that <see cref="DecoderCoverage"/> admits.</param>
    /// <param name="prompts">Checked.</param>
    /// <param name="maxTokens">So many will be asked for.</param>
    public CpuDecodingSession(Decoder model, IReadOnlyList<IReadOnlyList<int>> prompts, int maxTokens)
    {
        // copies, since they were checked: nobody may change them before they are read
        _prompts = [.. prompts.Select(p => (IReadOnlyList<int>)[.. p])];
        // the last token asked for is never read
        _capacity = (int)Math.Min(model.ContextLength, prompts.Max(p => p.Count) + (long)maxTokens - 1);
        _weights = new(model);
        // a container's share of the processors counts, which the tensor library does not know
        var threads = Math.Max(1, Math.Min(get_num_threads(), Environment.ProcessorCount));
        _forward = DecoderForward.Best(_weights, _capacity, (int)Math.Clamp(_weights.Size / NumbersPerThread, 1, threads));
        _rows = [.. prompts.Select(_ => NewRow())];
        _mode = new(model);
    }

    public bool IsFull => _rows.Max(r => r.Length) >= _capacity;

    public Tensor Start()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var logits = Logits();
        var (runs, tokens) = (0, 0);
        for (var b = 0; b < _rows.Count; b++)
        {
            var prompt = _prompts[b];
            for (var at = 0; at < prompt.Count;)
            {
                var count = Math.Min(prompt.Count - at, DecoderForward.Tokens - tokens);
                for (var i = 0; i < count; i++)
                {
                    _ids[tokens + i] = prompt[at + i];
                }

                var ends = at + count == prompt.Count;
                _runs[runs++] = new(_rows[b], at, tokens, count, prompt.Count, ends ? b : -1);
                (at, tokens) = (at + count, tokens + count);
                if (tokens == DecoderForward.Tokens || (ends && b == _rows.Count - 1))
                {
                    _forward.Read(_runs.AsSpan(0, runs), _ids.AsSpan(0, tokens), logits);
                    (runs, tokens) = (0, 0);
                }
            }
        }

        return _logits!.alias();
    }

    public Tensor Step(long[] tokens)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (tokens.Length != _rows.Count)
        {
            throw new ArgumentException($"{tokens.Length} tokens for {_rows.Count} rows", nameof(tokens));
        }

        if (Array.Find(tokens, t => t < 0 || t >= _weights.Config.VocabularySize) is var outside and not 0)
        {
            throw new UserError($"token {outside} is outside the model's vocabulary of {_weights.Config.VocabularySize}");
        }

        if (IsFull)
        {
            throw new UserError($"{_capacity + 1} positions do not fit a cache of {_capacity}", mend: "shorten the prompt or ask for fewer tokens");
        }

        var logits = Logits();
        for (var first = 0; first < _rows.Count; first += DecoderForward.Tokens)
        {
            var count = Math.Min(DecoderForward.Tokens, _rows.Count - first);
            for (var i = 0; i < count; i++)
            {
                var row = _rows[first + i];
                _ids[i] = (int)tokens[first + i];
                _runs[i] = new(row, row.Length, i, 1, row.Length + 1, first + i);
            }

            _forward.Read(_runs.AsSpan(0, count), _ids.AsSpan(0, count), logits);
        }

        return _logits!.alias();
    }

    public void Keep(long[] rows)
    {
        var kept = new List<RowCache>(rows.Length);
        var used = new bool[_rows.Count];
        // before copies are made, so that what nobody goes on with can hold them
        for (var i = 0; i < _rows.Count; i++)
        {
            if (!rows.Contains(i))
            {
                _free.Add(_rows[i]);
            }
        }

        foreach (var row in rows)
        {
            if (!used[row])
            {
                used[row] = true;
                kept.Add(_rows[(int)row]);
                continue;
            }

            var copy = NewRow();
            copy.CopyFrom(_rows[(int)row]);
            kept.Add(copy);
        }

        _rows = kept;
    }

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _mode.Dispose();
        _forward.Dispose();
        _weights.Dispose();
        _logits?.Dispose();
        foreach (var row in _rows.Concat(_free))
        {
            row.Dispose();
        }
    }

    private RowCache NewRow()
    {
        if (_free.Count > 0)
        {
            var free = _free[^1];
            _free.RemoveAt(_free.Count - 1);
            return free;
        }

        var block = _weights.Config.Block;
        return new(_weights.Config.Layers, block.Attention.KeyHeads(), block.Attention.HeadWidthOf(block.Width), _capacity);
    }

    /// <summary>Where the logits of this step go: a tensor for as many rows as there are, kept from step to step.</summary>
    private float* Logits()
    {
        if (_logits is null || _logits.shape[0] != _rows.Count)
        {
            _logits?.Dispose();
            _logits = empty(_rows.Count, _weights.Head.Outputs, dtype: ScalarType.Float32, device: CPU).DetachFromDisposeScope();
        }

        return (float*)WeightReader.Address(_logits);
    }
}
