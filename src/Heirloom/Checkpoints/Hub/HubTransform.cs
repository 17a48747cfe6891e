using System.Collections.Immutable;
using static TorchSharp.torch;

namespace Heirloom.Checkpoints.Hub;

/// <summary>How one of the hub's tensors is made of ours, and ours of it. Both directions are exact: no arithmetic, values are only moved.</summary>
public abstract record HubTransform
{
    /// <summary>Shape of the hub's tensor, from the shapes of ours.</summary>
    public abstract ImmutableArray<long> Shape(IReadOnlyList<ImmutableArray<long>> ours);

    /// <summary>Ours to the hub's.</summary>
    public abstract Tensor Join(IReadOnlyList<Tensor> ours);

    /// <summary>The hub's to ours, which have the given shapes.</summary>
    public abstract IReadOnlyList<Tensor> Split(Tensor hub, IReadOnlyList<ImmutableArray<long>> shapes);

    /// <summary>A few words for the report; null where nothing but the name differs.</summary>
    public virtual string? Description => null;
}

/// <summary>Another name only.</summary>
public sealed record Renamed : HubTransform
{
    public static Renamed Instance { get; } = new();

    public override ImmutableArray<long> Shape(IReadOnlyList<ImmutableArray<long>> ours) => ours[0];

    public override Tensor Join(IReadOnlyList<Tensor> ours) => ours[0];

    public override IReadOnlyList<Tensor> Split(Tensor hub, IReadOnlyList<ImmutableArray<long>> shapes) => [hub];
}

/// <summary>The hub keeps a leading dimension of one that we do not.</summary>
public sealed record LeadingOne : HubTransform
{
    public static LeadingOne Instance { get; } = new();

    public override ImmutableArray<long> Shape(IReadOnlyList<ImmutableArray<long>> ours) => [1, .. ours[0]];

    public override Tensor Join(IReadOnlyList<Tensor> ours) => ours[0].unsqueeze(0);

    public override IReadOnlyList<Tensor> Split(Tensor hub, IReadOnlyList<ImmutableArray<long>> shapes) => [hub.squeeze(0)];
}

/// <summary>The hub keeps a projection as a convolution over single places: <c>[outputs, inputs, 1, 1]</c>.</summary>
public sealed record OfSinglePlaces : HubTransform
{
    public static OfSinglePlaces Instance { get; } = new();

    public override ImmutableArray<long> Shape(IReadOnlyList<ImmutableArray<long>> ours) => [.. ours[0], 1, 1];

    public override Tensor Join(IReadOnlyList<Tensor> ours) => ours[0].unsqueeze(-1).unsqueeze(-1);

    public override IReadOnlyList<Tensor> Split(Tensor hub, IReadOnlyList<ImmutableArray<long>> shapes) => [hub.flatten(1)];
}

/// <summary>The hub keeps <c>[inputs, outputs]</c> where we keep <c>[outputs, inputs]</c> (GPT-2's Conv1D).</summary>
public sealed record Transposed : HubTransform
{
    public static Transposed Instance { get; } = new();

    public override string Description => "transposed";

    public override ImmutableArray<long> Shape(IReadOnlyList<ImmutableArray<long>> ours) => [.. ours[0].Reverse()];

    public override Tensor Join(IReadOnlyList<Tensor> ours) => ours[0].t();

    public override IReadOnlyList<Tensor> Split(Tensor hub, IReadOnlyList<ImmutableArray<long>> shapes) => [hub.t()];
}

/// <summary>The hub keeps several of ours one after the other along their first dimension (query, key and value), transposed as a whole where it transposes.</summary>
public sealed record Fused(bool Transpose = false) : HubTransform
{
    public override string Description => Transpose ? "split and transposed" : "split";

    public override ImmutableArray<long> Shape(IReadOnlyList<ImmutableArray<long>> ours)
    {
        var joined = ours[0].SetItem(0, ours.Sum(shape => shape[0]));
        return Transpose ? [.. joined.Reverse()] : joined;
    }

    public override Tensor Join(IReadOnlyList<Tensor> ours)
    {
        var joined = cat([.. ours], 0);
        return Transpose ? joined.t() : joined;
    }

    public override IReadOnlyList<Tensor> Split(Tensor hub, IReadOnlyList<ImmutableArray<long>> shapes) =>
        (Transpose ? hub.t() : hub).split([.. shapes.Select(shape => shape[0])], 0);
}

/// <summary>
/// The hub keeps a part of each of ours beside the same part of the others, group by group, along the first dimension: the query, key and value of a head (as many
/// groups as heads), or the queries of a group with its one key and value.
/// </summary>
public sealed record Grouped(int Groups) : HubTransform
{
    public override string Description => Groups == 1 ? "split" : $"split in {Groups} groups";

    public override ImmutableArray<long> Shape(IReadOnlyList<ImmutableArray<long>> ours) => ours[0].SetItem(0, ours.Sum(shape => shape[0]));

    public override Tensor Join(IReadOnlyList<Tensor> ours) => cat([.. ours.Select(part => part.unflatten(0, [Groups, -1]))], 1).flatten(0, 1);

    public override IReadOnlyList<Tensor> Split(Tensor hub, IReadOnlyList<ImmutableArray<long>> shapes) =>
        [.. hub.unflatten(0, [Groups, -1]).split([.. shapes.Select(shape => shape[0] / Groups)], 1).Select(part => part.flatten(0, 1))];
}
