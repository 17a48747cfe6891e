using static TorchSharp.torch;

namespace Heirloom.Layers;

/// <summary>The runs of a batch of rows, each of one document and all real or all padding, for layers that read a row from one end to the other: every run gets a row of its own.</summary>
internal sealed class Runs
{
    private readonly List<int> _starts = [], _lengths = [];
    private readonly int _longest;

    private Runs(int total, int width, Func<int, int, bool> same)
    {
        for (var i = 0; i < total; i++)
        {
            if (i % width == 0 || !same(i - 1, i))
            {
                _starts.Add(i);
                _lengths.Add(0);
            }

            _lengths[^1]++;
        }

        _longest = _lengths.Max();
    }

    /// <summary>Null where every row is a single run.</summary>
    /// <param name="segments"><c>[B, T]</c> int64, equal within a run of one document; null for one document a row.</param>
    /// <param name="mask"><c>[B, T]</c> bool, true on what is real; null for all.</param>
    public static Runs? Of(Tensor? segments, Tensor? mask)
    {
        if ((segments ?? mask) is not { } rows)
        {
            return null;
        }

        var ids = segments?.cpu().contiguous().data<long>().ToArray();
        var real = mask?.cpu().contiguous().data<bool>().ToArray();
        return new((int)rows.numel(), (int)rows.shape[1], (a, b) => (ids is null || ids[a] == ids[b]) && (real is null || real[a] == real[b]));
    }

    /// <summary>Each run in a row, padded at its end with whatever follows, whose result nobody reads.</summary>
    /// <param name="x"><c>[B, T, D]</c></param>
    /// <param name="reversed">Each run from its end to its start.</param>
    /// <returns><c>[R, L, D]</c></returns>
    public Tensor Take(Tensor x, bool reversed = false)
    {
        using var scope = NewDisposeScope();
        var (last, from) = (x.shape[0] * x.shape[1] - 1, new long[_starts.Count * _longest]);
        for (var r = 0; r < _starts.Count; r++)
        {
            for (var i = 0; i < _longest; i++)
            {
                from[(r * _longest) + i] = Math.Min(_starts[r] + (reversed && i < _lengths[r] ? _lengths[r] - 1 - i : i), last);
            }
        }

        return x.flatten(0, 1).index_select(0, tensor(from, device: x.device)).view(_starts.Count, _longest, -1).MoveToOuterDisposeScope();
    }

    /// <summary>Puts rows back to where they came from.</summary>
    /// <param name="rows"><c>[R, L, D]</c></param>
    /// <param name="height">B.</param>
    /// <param name="reversed">As they were taken.</param>
    /// <returns><c>[B, T, D]</c></returns>
    public Tensor Put(Tensor rows, long height, bool reversed = false)
    {
        using var scope = NewDisposeScope();
        var back = new long[_lengths.Sum()];
        for (var r = 0; r < _starts.Count; r++)
        {
            for (var i = 0; i < _lengths[r]; i++)
            {
                back[_starts[r] + i] = (r * _longest) + (reversed ? _lengths[r] - 1 - i : i);
            }
        }

        return rows.flatten(0, 1).index_select(0, tensor(back, device: rows.device)).view(height, back.Length / height, -1).MoveToOuterDisposeScope();
    }

    /// <summary>Where rows hold their run and not what follows it: <c>[R, L]</c> bool.</summary>
    public Tensor Real(Device device)
    {
        using var scope = NewDisposeScope();
        return arange(_longest, device: device).unsqueeze(0).lt(tensor(_lengths.ConvertAll(l => (long)l).ToArray(), device: device).unsqueeze(1)).MoveToOuterDisposeScope();
    }
}
