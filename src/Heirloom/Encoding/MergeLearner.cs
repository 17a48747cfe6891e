using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding;

/// <summary>
/// Learns merges from counted words. Pair counts are kept up to date merge by merge, and a queue holds each pair with the words where it is;
/// a pair whose count has changed since it was queued goes back with its new count. The most frequent pair comes first, of equals the one of smaller ids.
/// </summary>
internal sealed class MergeLearner
{
    private readonly List<string> _tokens;
    private readonly Dictionary<string, int> _ids;
    private readonly List<BpeMerge> _merges = [];
    private readonly int[] _symbols; // of all words, one after another
    private readonly int[] _starts, _lengths;
    private readonly long[] _counts;
    private readonly PairTable _pairs = new();
    private readonly PriorityQueue<(int Pair, List<int> Words), (long Count, ulong Pair)> _queue = new(MostFrequentFirst.Instance);
    private readonly List<int> _gained = [];

    private readonly Func<string, string, string> _join;

    /// <param name="tokens">What there is before any merge, by id.</param>
    /// <param name="words">Each word with its count.</param>
    /// <param name="symbols">The ids of a word's first symbols.</param>
    /// <param name="join">The text of two tokens in one; by default one behind the other.</param>
    public MergeLearner(IEnumerable<string> tokens, Dictionary<string, long> words, Func<string, IEnumerable<int>> symbols, Func<string, string, string>? join = null)
    {
        _join = join ?? string.Concat;
        _tokens = [.. tokens];
        _ids = _tokens.Index().ToDictionary(t => t.Item, t => t.Index);
        _starts = new int[words.Count];
        _lengths = new int[words.Count];
        _counts = new long[words.Count];
        var all = new List<int>(words.Count * 8);
        var word = 0;
        foreach (var (text, count) in words)
        {
            _starts[word] = all.Count;
            all.AddRange(symbols(text));
            _lengths[word] = all.Count - _starts[word];
            _counts[word] = count;
            word++;
        }

        _symbols = [.. all];
    }

    /// <summary>Words as their UTF-8 bytes: the tokens are the special ones and all 256 bytes.</summary>
    public static MergeLearner OfBytes(IReadOnlyList<string> special, Dictionary<string, long> words)
    {
        IReadOnlyList<string> tokens = [.. special, .. ByteAlphabet.InOrder().Select(b => ByteAlphabet.CharacterOf(b).ToString()).Except(special)];
        var ids = tokens.Index().ToDictionary(t => t.Item, t => t.Index);
        var byteIds = Enumerable.Range(0, 256).Select(b => ids[ByteAlphabet.CharacterOf((byte)b).ToString()]).ToArray();
        return new(tokens, words, word => TextEncoding.UTF8.GetBytes(word).Select(b => byteIds[b]));
    }

    /// <summary>Every token, by id.</summary>
    public IReadOnlyList<string> Tokens => _tokens;

    public IReadOnlyList<BpeMerge> Merges => _merges;

    /// <summary>Merges until the vocabulary is full, no pair is frequent enough, or the work is stopped.</summary>
    public void Learn(int vocabularySize, long minFrequency, WorkContext work)
    {
        CountPairs();
        using var progress = work.Progress.Begin("Learning merges", vocabularySize - _tokens.Count, "tokens");
        var first = _tokens.Count;
        while (_tokens.Count < vocabularySize && !work.Stop.IsCancellationRequested && _queue.TryDequeue(out var entry, out var priority))
        {
            var count = _pairs.Count(entry.Pair);
            if (priority.Count != count)
            {
                _queue.Enqueue(entry, (count, priority.Pair));
                continue;
            }

            if (count < Math.Max(1, minFrequency))
            {
                break;
            }

            Merge((int)(priority.Pair >> 32), (int)(uint)priority.Pair, entry.Words);
            progress.Report(_tokens.Count - first);
        }
    }

    private void CountPairs()
    {
        for (var word = 0; word < _starts.Length; word++)
        {
            var symbols = _symbols.AsSpan(_starts[word], _lengths[word]);
            for (var i = 0; i + 1 < symbols.Length; i++)
            {
                Change(symbols[i], symbols[i + 1], _counts[word], word);
            }
        }

        EnqueueGained();
    }

    private void Merge(int left, int right, List<int> words)
    {
        var text = _join(_tokens[left], _tokens[right]);
        if (!_ids.TryGetValue(text, out var merged))
        {
            merged = _tokens.Count;
            _tokens.Add(text);
            _ids.Add(text, merged);
        }

        _merges.Add(new(_tokens[left], _tokens[right]));
        foreach (var word in words)
        {
            MergeIn(word, left, right, merged);
        }

        EnqueueGained();
    }

    /// <summary>Replaces a pair in one word. The pair's own count stays as it was: it is queued no more.</summary>
    private void MergeIn(int word, int left, int right, int merged)
    {
        var symbols = _symbols.AsSpan(_starts[word], _lengths[word]);
        var count = _counts[word];
        var kept = 0;
        for (var i = 0; i < symbols.Length; i++)
        {
            if (symbols[i] != left || i + 1 == symbols.Length || symbols[i + 1] != right)
            {
                symbols[kept++] = symbols[i];
                continue;
            }

            if (kept > 0)
            {
                Change(symbols[kept - 1], left, -count, word);
                Change(symbols[kept - 1], merged, count, word);
            }

            if (i + 2 < symbols.Length)
            {
                Change(right, symbols[i + 2], -count, word);
                Change(merged, symbols[i + 2], count, word);
            }

            symbols[kept++] = merged;
            i++;
        }

        _lengths[word] = kept;
    }

    private void Change(int left, int right, long count, int word)
    {
        var pair = _pairs.Add(((ulong)(uint)left << 32) | (uint)right, count);
        if (count > 0 && _pairs.Gain(pair, word))
        {
            _gained.Add(pair);
        }
    }

    private void EnqueueGained()
    {
        foreach (var pair in _gained)
        {
            var words = _pairs.TakeGains(pair);
            if (_pairs.Count(pair) > 0)
            {
                _queue.Enqueue((pair, words), (_pairs.Count(pair), _pairs.Pair(pair)));
            }
        }

        _gained.Clear();
    }

    private sealed class MostFrequentFirst : IComparer<(long Count, ulong Pair)>
    {
        public static MostFrequentFirst Instance { get; } = new();

        public int Compare((long Count, ulong Pair) x, (long Count, ulong Pair) y) =>
            x.Count != y.Count ? y.Count.CompareTo(x.Count) : x.Pair.CompareTo(y.Pair);
    }
}
