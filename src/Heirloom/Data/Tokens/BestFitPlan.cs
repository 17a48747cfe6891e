using System.Numerics;

namespace Heirloom.Data.Tokens;

/// <summary>Best-fit decreasing: documents, cut only where longer than a row, each into the fullest row that still takes it; longest first.</summary>
internal sealed class BestFitPlan : IRowPlan
{
    private readonly long[] _starts;
    private readonly int[] _lengths;
    private readonly int[] _firstOfRow;

    public BestFitPlan(TokenFile file, int context)
    {
        var pieces = Cut(file, context);
        pieces.Sort((a, b) => a.Length != b.Length ? b.Length.CompareTo(a.Length) : a.Start.CompareTo(b.Start));
        var rowOf = new int[pieces.Count];
        var rows = 0;
        var free = new FreeRows(context);
        for (var i = 0; i < pieces.Count; i++)
        {
            var (row, space) = free.Take(pieces[i].Length) ?? (rows++, context);
            rowOf[i] = row;
            free.Add(row, space - pieces[i].Length);
        }

        // gathered by row, in one pass each for counts and places
        _firstOfRow = new int[rows + 1];
        foreach (var row in rowOf)
        {
            _firstOfRow[row + 1]++;
        }

        for (var row = 0; row < rows; row++)
        {
            _firstOfRow[row + 1] += _firstOfRow[row];
        }

        (_starts, _lengths) = (new long[pieces.Count], new int[pieces.Count]);
        var next = _firstOfRow.AsSpan(0, rows).ToArray();
        for (var i = 0; i < pieces.Count; i++)
        {
            var at = next[rowOf[i]]++;
            (_starts[at], _lengths[at]) = (pieces[i].Start, pieces[i].Length);
        }
    }

    public long Rows => _firstOfRow.Length - 1;

    public IEnumerable<Piece> Pieces(long row)
    {
        for (var i = _firstOfRow[row]; i < _firstOfRow[row + 1]; i++)
        {
            yield return new(_starts[i], _lengths[i]);
        }
    }

    private static List<Piece> Cut(TokenFile file, int context)
    {
        var pieces = new List<Piece>();
        for (var document = 0L; document < file.Info.Documents; document++)
        {
            var (start, end) = file.Document(document);
            for (var at = start; at < end; at += context)
            {
                pieces.Add(new(at, (int)Math.Min(context, end - at)));
            }
        }

        return pieces;
    }

    /// <summary>Rows that still have space, found by how much: one stack a size and a bit for each stack that is not empty.</summary>
    private sealed class FreeRows(int context)
    {
        private readonly Stack<int>?[] _bySpace = new Stack<int>?[context + 1];
        private readonly ulong[] _any = new ulong[(context / 64) + 1];

        public (int Row, int Space)? Take(int length)
        {
            for (var word = length / 64; word < _any.Length; word++)
            {
                var bits = _any[word] & (word == length / 64 ? ulong.MaxValue << (length % 64) : ulong.MaxValue);
                if (bits != 0)
                {
                    var space = (word * 64) + BitOperations.TrailingZeroCount(bits);
                    var stack = _bySpace[space]!;
                    var row = stack.Pop();
                    if (stack.Count == 0)
                    {
                        _any[word] &= ~(1UL << (space % 64));
                    }

                    return (row, space);
                }
            }

            return null;
        }

        public void Add(int row, int space)
        {
            if (space > 0)
            {
                (_bySpace[space] ??= new()).Push(row);
                _any[space / 64] |= 1UL << (space % 64);
            }
        }
    }
}
