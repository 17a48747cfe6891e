using System.Numerics;

namespace Heirloom.Encoding.Learning;

/// <summary>Pieces by their characters, in one table of (node, character) → node: every piece that begins at a place is found in one walk.</summary>
internal sealed class PieceTrie
{
    private readonly ulong[] _keys;
    private readonly int[] _nodes;
    private readonly int[] _pieces; // by node, the piece that ends there or -1
    private readonly int _mask;

    /// <param name="pieces">Texts as code points, by id; empty ones are found nowhere.</param>
    public PieceTrie(IReadOnlyList<int[]> pieces)
    {
        var size = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, (2L * pieces.Sum(p => (long)p.Length)) + 16));
        _mask = size - 1;
        (_keys, _nodes) = (new ulong[size], new int[size]);
        var ends = new List<int> { -1 };
        for (var id = 0; id < pieces.Count; id++)
        {
            var node = 0;
            foreach (var character in pieces[id])
            {
                ref var next = ref Slot(node, character);
                if (next == 0)
                {
                    next = ends.Count;
                    _keys[At(node, character)] = Key(node, character);
                    ends.Add(-1);
                }

                node = next;
            }

            if (node != 0)
            {
                ends[node] = id;
            }
        }

        _pieces = [.. ends];
    }

    /// <summary>The node behind a character, or 0; the walk begins at 0.</summary>
    public int Next(int node, int character)
    {
        var at = At(node, character);
        return _nodes[at];
    }

    /// <summary>The piece that ends at a node, or −1.</summary>
    public int Piece(int node) => _pieces[node];

    private ref int Slot(int node, int character) => ref _nodes[At(node, character)];

    private int At(int node, int character)
    {
        var key = Key(node, character);
        var at = (int)((key * 0x9E3779B97F4A7C15UL) >> 32) & _mask;
        while (_keys[at] != 0 && _keys[at] != key)
        {
            at = (at + 1) & _mask;
        }

        return at;
    }

    /// <summary>Never 0.</summary>
    private static ulong Key(int node, int character) => (((ulong)(uint)node << 22) | (uint)character) + 1;
}
