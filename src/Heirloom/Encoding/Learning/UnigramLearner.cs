using System.Text;

namespace Heirloom.Encoding.Learning;

/// <summary>
/// Learns pieces and their probabilities from counted words (Kudo 2018): from many frequent substrings, rounds of expectation and maximization, between which
/// the pieces go that the likelihood misses least, until the vocabulary has its size.
/// </summary>
/// <remarks>Sums over words are of integers (expected counts in 2⁻²⁰ths), so that they do not depend on the order in which threads add.</remarks>
internal sealed class UnigramLearner
{
    private const double Unit = 1 << 20, UnknownPenalty = 10, LeastExpected = 0.5;

    private readonly int[][] _words;
    private readonly long[] _counts;
    private readonly int _threads;
    private List<(int[] Text, double Score)> _pieces;

    /// <param name="words">Each with its count.</param>
    /// <param name="longest">Most characters of a piece.</param>
    /// <param name="seeds">Most pieces to start from.</param>
    /// <param name="threads">All cores when null; without effect on the result.</param>
    public UnigramLearner(Dictionary<string, long> words, int longest, int seeds, int? threads)
    {
        // in an order of their own: a dictionary's is that in which threads found them
        var sorted = words.OrderBy(w => w.Key, StringComparer.Ordinal).ToList();
        _words = [.. sorted.Select(w => w.Key.EnumerateRunes().Select(r => r.Value).ToArray())];
        _counts = [.. sorted.Select(w => w.Value)];
        _threads = threads ?? Environment.ProcessorCount;
        Characters = [.. CharacterCounts().OrderByDescending(c => c.Value).ThenBy(c => c.Key).Select(c => c.Key)];
        _pieces = Seeds(longest, seeds);
    }

    /// <summary>Every character, the most frequent first.</summary>
    public IReadOnlyList<int> Characters { get; }

    /// <summary>Runs until so many pieces are left, all characters among them.</summary>
    /// <returns>The best pieces with the logarithms of their probabilities, best first.</returns>
    public List<(string Text, double Score)> Learn(int size, double shrink, int iterations, WorkContext work)
    {
        var wanted = (int)Math.Min(int.MaxValue, size * 11L / 10);
        using var progress = work.Progress.Begin("Learning pieces", unit: "rounds");
        for (var round = 1; ; round++)
        {
            for (var i = 0; i < iterations && !work.Stop.IsCancellationRequested; i++)
            {
                _pieces = Maximized(Expected());
            }

            progress.Report(round, $"{_pieces.Count} pieces");
            if (_pieces.Count <= wanted || work.Stop.IsCancellationRequested)
            {
                return Finished(size);
            }

            _pieces = Pruned(wanted, shrink);
        }
    }

    private Dictionary<int, long> CharacterCounts()
    {
        var counts = new Dictionary<int, long>();
        for (var w = 0; w < _words.Length; w++)
        {
            foreach (var character in _words[w])
            {
                counts[character] = counts.GetValueOrDefault(character) + _counts[w];
            }
        }

        return counts;
    }

    /// <summary>All characters, and the substrings that cover most text.</summary>
    private List<(int[], double)> Seeds(int longest, int most)
    {
        var counts = CharacterCounts();
        var seeds = Characters.Select(c => (Text: new[] { c }, Weight: (double)counts[c])).ToList();
        var substrings = FrequentSubstrings.Find(_words, _counts, longest)
            .Select(s => (Text: _words[s.Word][s.Start..(s.Start + s.Length)], Weight: (double)s.Count * s.Length))
            .OrderByDescending(s => s.Weight).ThenBy(s => s.Text, ByCharacters.Instance);
        seeds.AddRange(substrings.Take(Math.Max(0, most - seeds.Count)));
        var total = Math.Log(seeds.Sum(s => s.Weight));
        return [.. seeds.Select(s => (s.Text, Math.Log(s.Weight) - total))];
    }

    /// <summary>How often each piece is expected, over all ways of cutting the words (forward and backward sums).</summary>
    private long[] Expected()
    {
        var lattice = new Lattice(_pieces);
        return Summed((word, count, sums) => lattice.AddExpected(word, count, sums));
    }

    private List<(int[], double)> Maximized(long[] expected)
    {
        // digamma instead of the logarithm: a sparse prior, under which rare pieces lose more (Liang and Klein 2007)
        var kept = Enumerable.Range(0, _pieces.Count).Where(i => expected[i] / Unit >= LeastExpected).ToList();
        var total = Digamma(kept.Sum(i => expected[i] / Unit));
        return [.. kept.Select(i => (_pieces[i].Text, Digamma(expected[i] / Unit) - total))];
    }

    /// <summary>Leaves out the pieces whose loss costs least, one part of them a round.</summary>
    private List<(int[], double)> Pruned(int wanted, double shrink)
    {
        var lattice = new Lattice(_pieces);
        var uses = Summed((word, count, sums) => lattice.AddBest(word, count, sums));
        var sum = uses.Sum(u => (double)u);
        var words = _counts.Sum(c => (double)c);
        var (kept, losses) = (new List<int>(), new List<(int Piece, double Loss)>());
        for (var i = 0; i < _pieces.Count; i++)
        {
            var (needed, instead) = lattice.Alternative(i);
            if (uses[i] == 0 && !needed)
            {
                continue;
            }

            if (instead.Count == 0)
            {
                kept.Add(i);
                continue;
            }

            if (uses[i] == 0)
            {
                continue;
            }

            // all its uses go to what it would be cut into
            var own = Math.Log(uses[i]) - Math.Log(sum);
            var total = Math.Log(sum + ((double)uses[i] * (instead.Count - 1)));
            var others = instead.Sum(other => Math.Log((other < 0 ? 0 : uses[other]) + (double)uses[i]) - total);
            losses.Add((i, uses[i] / words * (own - others)));
        }

        var size = Math.Max(wanted, (int)(_pieces.Count * shrink));
        kept.AddRange(losses.OrderByDescending(l => l.Loss).ThenBy(l => l.Piece).Take(Math.Max(0, size - kept.Count)).Select(l => l.Piece));
        kept.Sort();
        return [.. kept.Select(i => _pieces[i])];
    }

    /// <summary>All characters, then the most probable pieces.</summary>
    private List<(string, double)> Finished(int size)
    {
        var least = _pieces.Min(p => p.Score);
        var found = _pieces.Where(p => p.Text.Length == 1).ToDictionary(p => p.Text[0], p => p.Score);
        var result = Characters.Select((c, i) => (Text: new[] { c }, Score: found.TryGetValue(c, out var score) ? score : least - ((i + 1) * 1e-4))).ToList();
        result.AddRange(_pieces.Where(p => p.Text.Length > 1).OrderByDescending(p => p.Score).ThenBy(p => p.Text, ByCharacters.Instance).Take(Math.Max(0, size - result.Count)));
        return [.. result.OrderByDescending(p => p.Score).ThenBy(p => p.Text, ByCharacters.Instance).Select(p => (string.Concat(p.Text.Select(c => new Rune(c).ToString())), p.Score))];
    }

    /// <summary>Integer sums by piece over all words, on all threads.</summary>
    private long[] Summed(Action<int[], long, long[]> add)
    {
        var sums = new long[_pieces.Count];
        Parallel.For(0, _words.Length, new ParallelOptions { MaxDegreeOfParallelism = _threads }, () => new long[sums.Length], (w, _, own) =>
        {
            add(_words[w], _counts[w], own);
            return own;
        }, own =>
        {
            lock (sums)
            {
                for (var i = 0; i < own.Length; i++)
                {
                    sums[i] += own[i];
                }
            }
        });
        return sums;
    }

    private static double Digamma(double x)
    {
        var result = 0.0;
        for (; x < 7; x++)
        {
            result -= 1 / x;
        }

        x -= 0.5;
        var y = 1 / (x * x);
        return result + Math.Log(x) + (y * ((1 / 24.0) - (y * ((7 / 960.0) - (y * ((31 / 8064.0) - (y * (127 / 30720.0))))))));
    }

    /// <summary>The pieces as edges between the places of a word.</summary>
    private sealed class Lattice(List<(int[] Text, double Score)> pieces)
    {
        private readonly PieceTrie _trie = new([.. pieces.Select(p => p.Text)]);
        private readonly double _unknown = pieces.Min(p => p.Score) - UnknownPenalty;

        public void AddExpected(int[] word, long count, long[] sums)
        {
            Span<double> forward = word.Length < 512 ? stackalloc double[word.Length + 1] : new double[word.Length + 1];
            Span<double> backward = word.Length < 512 ? stackalloc double[word.Length + 1] : new double[word.Length + 1];
            forward.Fill(double.NegativeInfinity);
            backward.Fill(double.NegativeInfinity);
            forward[0] = backward[word.Length] = 0;
            for (var from = 0; from < word.Length; from++)
            {
                foreach (var (to, _, score) in new Edges(this, word, from))
                {
                    forward[to] = LogSum(forward[to], forward[from] + score);
                }
            }

            for (var from = word.Length - 1; from >= 0; from--)
            {
                foreach (var (to, _, score) in new Edges(this, word, from))
                {
                    backward[from] = LogSum(backward[from], backward[to] + score);
                }
            }

            for (var from = 0; from < word.Length; from++)
            {
                foreach (var (to, piece, score) in new Edges(this, word, from))
                {
                    if (piece >= 0)
                    {
                        sums[piece] += (long)Math.Round(count * Math.Exp(forward[from] + score + backward[to] - forward[word.Length]) * Unit);
                    }
                }
            }
        }

        public void AddBest(int[] word, long count, long[] sums)
        {
            foreach (var piece in Best(word, except: -1).Pieces)
            {
                if (piece >= 0)
                {
                    sums[piece] += count;
                }
            }
        }

        /// <summary>Whether a piece is how its own text is cut best, and how it is cut without it.</summary>
        public (bool Needed, IReadOnlyList<int> Instead) Alternative(int piece)
        {
            var (text, score) = pieces[piece];
            if (text.Length == 1)
            {
                return (true, []);
            }

            var (without, instead) = Best(text, except: piece);
            return score >= without ? (true, instead) : (false, []);
        }

        private (double Score, List<int> Pieces) Best(int[] word, int except)
        {
            var scores = new double[word.Length + 1];
            var (sources, by) = (new int[word.Length + 1], new int[word.Length + 1]);
            Array.Fill(scores, double.NegativeInfinity, 1, word.Length);
            for (var from = 0; from < word.Length; from++)
            {
                foreach (var (to, piece, score) in new Edges(this, word, from))
                {
                    if ((piece < 0 || piece != except) && scores[from] + score > scores[to])
                    {
                        (scores[to], sources[to], by[to]) = (scores[from] + score, from, piece);
                    }
                }
            }

            var path = new List<int>();
            for (var at = word.Length; at > 0; at = sources[at])
            {
                path.Add(by[at]);
            }

            path.Reverse();
            return (scores[^1], path);
        }

        private static double LogSum(double a, double b)
        {
            var (low, high) = a < b ? (a, b) : (b, a);
            return double.IsNegativeInfinity(low) || high - low > 50 ? high : high + Math.Log(1 + Math.Exp(low - high));
        }

        /// <summary>The edges from one place: pieces, and an unknown one (−1) where no piece of one character is.</summary>
        private ref struct Edges(Lattice lattice, int[] word, int from)
        {
            private int _node, _walked;
            private bool _single, _last;

            public (int To, int Piece, double Score) Current { get; private set; }

            public readonly Edges GetEnumerator() => this;

            public bool MoveNext()
            {
                while (!_last && from + _walked < word.Length && (_node = lattice._trie.Next(_node, word[from + _walked])) != 0)
                {
                    _walked++;
                    if (lattice._trie.Piece(_node) is var piece and >= 0)
                    {
                        _single |= _walked == 1;
                        Current = (from + _walked, piece, lattice.ScoreOf(piece));
                        return true;
                    }
                }

                if (_last || _single)
                {
                    _last = true;
                    return false;
                }

                _last = true;
                Current = (from + 1, -1, lattice._unknown);
                return true;
            }
        }

        private double ScoreOf(int piece) => pieces[piece].Score;
    }

    private sealed class ByCharacters : IComparer<int[]>
    {
        public static ByCharacters Instance { get; } = new();

        public int Compare(int[]? x, int[]? y) => x.AsSpan().SequenceCompareTo(y);
    }
}
