
namespace Heirloom.Data.Batching;

/// <summary>
/// Batches of examples that are held in memory. Each epoch has every example once, in an order of its own; the last batch of an epoch may be smaller.
/// </summary>
public sealed class ExampleBatches<TExample, TBatch> : IBatches<TBatch>
{
    private readonly IReadOnlyList<TExample> _examples;
    private readonly Func<IReadOnlyList<TExample>, Seed, TBatch> _collate;
    private readonly Func<TExample, int>? _length;
    private readonly int _batchSize;
    private readonly int _group;
    private readonly bool _shuffle;
    private readonly Seed _seed;
    private readonly long _steps;

    /// <param name="examples">All of them.</param>
    /// <param name="batchSize">Examples a batch.</param>
    /// <param name="shuffle">Off, every epoch reads from front to back.</param>
    /// <param name="seed">Decides orders and what <paramref name="collate"/> draws.</param>
    /// <param name="collate">Makes a batch; its seed is the step's own.</param>
    /// <param name="fingerprint">Names the examples for lineage.</param>
    /// <param name="length">What padding depends on; null when examples are of one size.</param>
    /// <param name="sortWithin">Batches among which examples are sorted by length, so that little is padded; 1 sorts nothing.</param>
    /// <exception cref="UserError">There is no example.</exception>
    public ExampleBatches(
        IReadOnlyList<TExample> examples, int batchSize, bool shuffle, Seed seed, Func<IReadOnlyList<TExample>, Seed, TBatch> collate, string fingerprint,
        Func<TExample, int>? length = null, int sortWithin = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batchSize);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(sortWithin);
        if (examples.Count == 0)
        {
            throw new UserError("there is no example to train on or to score", mend: "name a source that holds some");
        }

        (_examples, _batchSize, _shuffle, _seed, _collate, _length) = (examples, batchSize, shuffle, seed, collate, length);
        _steps = (examples.Count + batchSize - 1) / batchSize;
        _group = length is null ? 1 : (int)Math.Min(sortWithin, _steps);
        Fingerprint = Hashes.OfText($"examples {fingerprint} {examples.Count} {batchSize} {_group} {(shuffle ? seed.Value : 0)}");
    }

    public string Fingerprint { get; }

    public long? StepsPerEpoch => _steps;

    public TBatch At(long step)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        var (epoch, at) = Math.DivRem(step, _steps);
        var indices = _group == 1 ? Slice(epoch, at * _batchSize, _batchSize) : Sorted(epoch, at);
        return _collate([.. indices.Select(i => _examples[i])], _seed.For("step", step));
    }

    /// <summary>The examples of consecutive places in an epoch's order.</summary>
    private IEnumerable<int> Slice(long epoch, long from, int count)
    {
        var order = new Permutation(_examples.Count, _seed.For("epoch", epoch));
        for (var i = from; i < Math.Min(from + count, _examples.Count); i++)
        {
            yield return (int)(_shuffle ? order[i] : i);
        }
    }

    /// <summary>A batch of its group, whose examples are sorted by length and whose batches come in a random order.</summary>
    private IEnumerable<int> Sorted(long epoch, long at)
    {
        var group = at / _group;
        var batches = (int)Math.Min(_group, _steps - (group * _group));
        var examples = Slice(epoch, group * _group * _batchSize, batches * _batchSize).OrderBy(i => _length!(_examples[i]));
        var batch = at % _group;
        batch = _shuffle ? new Permutation(batches, _seed.For($"group/{epoch}", group))[batch] : batch;
        return examples.Skip((int)batch * _batchSize).Take(_batchSize);
    }
}
