using System.Numerics;

namespace Heirloom.Encoding.Stages;

/// <summary>Tokens by their characters: all that begin at a place of a text are found in one walk. Edges lie in one open-addressing table.</summary>
internal sealed class CharacterTrie
{
    private readonly int[] _roots = new int[char.MaxValue + 1];
    private (ulong Edge, int Node)[] _edges;
    private readonly List<int> _ids = [];
    private int _count;

    public CharacterTrie(IReadOnlyDictionary<string, int> tokens)
    {
        Array.Fill(_roots, -1);
        _edges = new (ulong, int)[(int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(64, tokens.Count * 4))];
        foreach (var (token, id) in tokens)
        {
            if (token.Length > 0)
            {
                Insert(token, id);
            }
        }
    }

    /// <summary>The node of a token's first character, −1 where none begins with it.</summary>
    public int Root(char character) => _roots[character];

    public int Child(int node, char character)
    {
        var edge = Edge(node, character);
        var edges = _edges;
        for (var at = Slot(edge); edges[at].Edge != 0; at = (at + 1) & (edges.Length - 1))
        {
            if (edges[at].Edge == edge)
            {
                return edges[at].Node;
            }
        }

        return -1;
    }

    /// <summary>The id of the token that ends at a node, −1 where none does.</summary>
    public int IdAt(int node) => _ids[node];

    private void Insert(string token, int id)
    {
        var node = _roots[token[0]];
        if (node < 0)
        {
            node = _roots[token[0]] = NewNode();
        }

        foreach (var character in token.AsSpan(1))
        {
            var child = Child(node, character);
            if (child < 0)
            {
                child = NewNode();
                Add(Edge(node, character), child);
            }

            node = child;
        }

        _ids[node] = id;
    }

    private int NewNode()
    {
        _ids.Add(-1);
        return _ids.Count - 1;
    }

    private void Add(ulong edge, int node)
    {
        if (++_count * 2 > _edges.Length)
        {
            var old = _edges;
            _edges = new (ulong, int)[old.Length * 2];
            foreach (var (e, n) in old)
            {
                if (e != 0)
                {
                    Put(e, n);
                }
            }
        }

        Put(edge, node);
    }

    private void Put(ulong edge, int node)
    {
        var at = Slot(edge);
        while (_edges[at].Edge != 0)
        {
            at = (at + 1) & (_edges.Length - 1);
        }

        _edges[at] = (edge, node);
    }

    /// <summary>Never 0, which marks a free slot.</summary>
    private static ulong Edge(int node, char character) => ((ulong)(uint)(node + 1) << 16) | character;

    private int Slot(ulong edge) => (int)((edge * 0x9E3779B97F4A7C15UL) >> 32) & (_edges.Length - 1);
}
