using System.Numerics;

namespace Heirloom.Encoding.Stages;

/// <summary>From a pair of ids to the rank and the id of their merge: open addressing, one cache line a look-up as a rule.</summary>
internal sealed class MergeTable
{
    /// <summary>The pair does not merge. Greater than every merge.</summary>
    public const ulong None = ulong.MaxValue;

    private readonly (ulong Pair, ulong Merge)[] _slots;
    private readonly int _shift;

    public MergeTable(int count)
    {
        var size = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, count * 2));
        _slots = new (ulong, ulong)[size];
        Array.Fill(_slots, (None, None));
        _shift = 64 - BitOperations.Log2((uint)size);
    }

    /// <summary>The id in a merge that was found.</summary>
    public static int IdOf(ulong merge) => (int)(uint)merge;

    public void Set(int left, int right, int rank, int id)
    {
        var pair = Pair(left, right);
        ref var slot = ref Slot(pair);
        slot = (pair, ((ulong)(uint)rank << 32) | (uint)id);
    }

    /// <summary>Rank in the upper half and id in the lower, so that comparing merges compares ranks.</summary>
    public ulong Find(int left, int right) => Slot(Pair(left, right)).Merge;

    private static ulong Pair(int left, int right) => ((ulong)(uint)left << 32) | (uint)right;

    private ref (ulong Pair, ulong Merge) Slot(ulong pair)
    {
        var slots = _slots;
        var at = (int)((pair * 0x9E3779B97F4A7C15UL) >> _shift);
        while (slots[at].Pair != pair && slots[at].Pair != None)
        {
            at = (at + 1) & (slots.Length - 1);
        }

        return ref slots[at];
    }
}
