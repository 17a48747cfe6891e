using System.ComponentModel.DataAnnotations;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Layers;

/// <summary>A learned bias for each head and bucket of distances (Raffel et al. 2020, T5, section 2.1).</summary>
[Kind("relative")]
public sealed record RelativePositionsConfig : PositionsConfig
{
    [Range(4, int.MaxValue)]
    public int Buckets { get; init; } = 32;

    /// <summary>Farther positions share the last bucket.</summary>
    [Range(4, int.MaxValue)]
    public int MaxDistance { get; init; } = 128;

    public override RelativePositions Build(PositionsShape shape) => new(this, shape.Heads, bidirectional: !shape.Causal);
}

public sealed class RelativePositions : Positions
{
    private readonly RelativePositionsConfig _config;
    private readonly bool _bidirectional;

    [ComponentName(Name = "weight")]
    private readonly Parameter _weight;

    public RelativePositions(RelativePositionsConfig config, long heads, bool bidirectional) : base(nameof(RelativePositions))
    {
        _config = config;
        _bidirectional = bidirectional;
        _weight = ModuleWeight.Of(zeros(config.Buckets, heads));
        RegisterComponents();
    }

    /// <summary>Small distances have a bucket each, larger ones share logarithmically growing ones; half of the buckets are for later positions where those are seen.</summary>
    /// <param name="offset">Position of the key minus position of the query.</param>
    /// <param name="buckets">All of them.</param>
    /// <param name="maxDistance">From here on the last bucket.</param>
    /// <param name="bidirectional">Whether later positions are seen.</param>
    public static long Bucket(long offset, int buckets, int maxDistance, bool bidirectional)
    {
        var first = 0L;
        if (bidirectional)
        {
            buckets /= 2;
            first = offset > 0 ? buckets : 0;
        }

        var distance = bidirectional ? Math.Abs(offset) : Math.Max(-offset, 0);
        var exact = buckets / 2;
        if (distance < exact)
        {
            return first + distance;
        }

        // in float32, as the published implementation computes it: the boundaries fall on powers
        var share = MathF.Log((float)distance / exact) / (float)Math.Log((double)maxDistance / exact);
        return first + Math.Min(exact + (long)(share * (buckets - exact)), buckets - 1);
    }

    public override Tensor Bias(long queries, long keys, Device device)
    {
        using var scope = NewDisposeScope();
        // One bias a distance, spread over the matrix by index: query i and key j differ by j − i, from −(keys − 1) to queries − 1.
        var buckets = tensor(
            Enumerable.Range(0, (int)(keys + queries - 1)).Select(i => Bucket(i - (keys - 1), _config.Buckets, _config.MaxDistance, _bidirectional)).ToArray(),
            device: device);
        var index = arange(keys - 1, 2 * keys - 1, device: device).unsqueeze(0).sub(arange(keys - queries, keys, device: device).unsqueeze(1));
        return _weight.index_select(0, buckets).index_select(0, index.view(-1)).view(queries, keys, -1)
            .permute(2, 0, 1).unsqueeze(0).MoveToOuterDisposeScope();
    }
}
