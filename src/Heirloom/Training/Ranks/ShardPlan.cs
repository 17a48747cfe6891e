using Heirloom.Training.Optimizers;
using static TorchSharp.torch;

namespace Heirloom.Training.Ranks;

/// <summary>A parameter, the rank that updates it, and where it lies in its bucket.</summary>
internal readonly record struct Placed(NamedParameter Parameter, int Index, int Owner, long Offset);

/// <summary>Parameters of one type that travel together, those of a rank side by side, in the order of ranks.</summary>
/// <param name="Type">Of the weights; gradients travel as float32.</param>
/// <param name="Members">In order of their offsets.</param>
/// <param name="Counts">Elements by rank.</param>
internal sealed record Bucket(ScalarType Type, IReadOnlyList<Placed> Members, IReadOnlyList<long> Counts)
{
    public long Size => Counts.Sum();
}

/// <summary>
/// Divides parameters among ranks. Each has one owner, whole, because rules such as Muon's and Adafactor's need whole matrices: the largest first, each to
/// the rank that has least so far (Graham 1969). Buckets hold neighbours, from the last parameter to the first, as backward passes reach them.
/// </summary>
internal static class ShardPlan
{
    /// <summary>25 MiB of float32 (Li et al. 2020): long enough for the network, short enough that packing one hides sending another.</summary>
    public const long BucketElements = 25L << 18;

    public static IReadOnlyList<Bucket> Of(IReadOnlyList<NamedParameter> parameters, int ranks, long bucketElements = BucketElements)
    {
        var owners = Owners([.. parameters.Select(p => p.Value.numel())], ranks);
        var buckets = new List<Bucket>();
        var gathered = new List<int>();
        void Close()
        {
            buckets.Add(Arrange(gathered, parameters, owners, ranks));
            gathered.Clear();
        }

        for (var i = parameters.Count - 1; i >= 0; i--)
        {
            if (gathered.Count > 0
                && (parameters[gathered[0]].Value.dtype != parameters[i].Value.dtype || gathered.Sum(g => parameters[g].Value.numel()) + parameters[i].Value.numel() > bucketElements))
            {
                Close();
            }

            gathered.Add(i);
        }

        Close();
        return buckets;
    }

    /// <summary>The rank that owns each of some sizes.</summary>
    public static int[] Owners(IReadOnlyList<long> sizes, int ranks)
    {
        var owners = new int[sizes.Count];
        var loads = new long[ranks];
        foreach (var i in Enumerable.Range(0, sizes.Count).OrderByDescending(i => sizes[i]).ThenBy(i => i))
        {
            var owner = Array.IndexOf(loads, loads.Min());
            owners[i] = owner;
            loads[owner] += sizes[i];
        }

        return owners;
    }

    private static Bucket Arrange(List<int> members, IReadOnlyList<NamedParameter> parameters, int[] owners, int ranks)
    {
        var placed = new List<Placed>();
        var counts = new long[ranks];
        var offset = 0L;
        foreach (var i in members.OrderBy(i => owners[i]).ThenBy(i => i))
        {
            placed.Add(new(parameters[i], i, owners[i], offset));
            counts[owners[i]] += parameters[i].Value.numel();
            offset += parameters[i].Value.numel();
        }

        return new(parameters[members[0]].Value.dtype, placed, counts);
    }
}
