using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Heirloom.Encoding.PreTokenizers;
using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding;

/// <summary>
/// Counts the words of a stream on several threads. Text is taken in blocks of a fixed size, one being read while another is counted,
/// so that memory holds two blocks and the distinct words, and what is forgotten under a cap does not depend on the threads.
/// </summary>
/// <param name="split">Cuts a text into words; called from several threads.</param>
/// <param name="isSafeCut">Whether a text may be parted here without another result; null for never.</param>
/// <param name="most">Distinct words to keep; beyond it the rarest are forgotten. All when null.</param>
/// <param name="work">Stop and progress.</param>
/// <param name="threads">All cores when null; without effect on the result.</param>
internal sealed class WordCounter(Action<ReadOnlySpan<char>, IPieceSink> split, Func<string, int, bool>? isSafeCut, int? most, WorkContext work, int? threads)
{
    private const int BlockCharacters = 1 << 23, ChunkCharacters = 1 << 17;

    private readonly ConcurrentBag<Tally> _tallies = [];

    /// <summary>Words as byte-level BPE sees them.</summary>
    public static WordCounter OfBytes(bool addPrefixSpace, int? most, WorkContext work, int? threads)
    {
        var splitter = new ByteLevelPreTokenizer { AddPrefixSpace = addPrefixSpace };
        // a prefix space belongs to the document's beginning alone
        return new((text, words) => splitter.Split(text, words), addPrefixSpace ? null : (text, at) => ByteLevelScanner.IsSafeCut(text, at), most, work, threads);
    }

    public Dictionary<string, long> Count(IEnumerable<string> documents)
    {
        using var progress = work.Progress.Begin("Counting words", unit: "characters");
        var (total, block, size) = (0L, new List<string>(), 0L);
        var counting = Task.CompletedTask;
        foreach (var document in documents)
        {
            if (work.Stop.IsCancellationRequested)
            {
                break;
            }

            block.Add(document);
            size += document.Length;
            if (size >= BlockCharacters)
            {
                Start();
            }
        }

        Start();
        counting.GetAwaiter().GetResult();
        return Merged();

        void Start()
        {
            counting.GetAwaiter().GetResult();
            var full = block;
            counting = Task.Run(() => CountBlock(full));
            total += size;
            progress.Report(total);
            (block, size) = ([], 0);
        }
    }

    private void CountBlock(List<string> block)
    {
        Parallel.ForEach(
            block.SelectMany(Chunks),
            new ParallelOptions { MaxDegreeOfParallelism = threads ?? Environment.ProcessorCount },
            () => _tallies.TryTake(out var tally) ? tally : new Tally(),
            (chunk, _, tally) =>
            {
                split(chunk.Span, tally);
                return tally;
            },
            _tallies.Add);
        if (most is { } cap)
        {
            var all = new Tally(Merged());
            Forget(all.Words, cap);
            _tallies.Add(all);
        }
    }

    /// <summary>Cuts long documents where no word is cut, so that even one huge document is counted on all threads.</summary>
    private IEnumerable<ReadOnlyMemory<char>> Chunks(string document)
    {
        var start = 0;
        while (isSafeCut is not null && document.Length - start > ChunkCharacters)
        {
            var end = start + ChunkCharacters;
            while (end < document.Length && !isSafeCut(document, end))
            {
                end++;
            }

            yield return document.AsMemory(start, end - start);
            start = end;
        }

        yield return document.AsMemory(start);
    }

    /// <summary>All tallies in one, which empties the bag.</summary>
    private Dictionary<string, long> Merged()
    {
        if (!_tallies.TryTake(out var all))
        {
            return [];
        }

        while (_tallies.TryTake(out var tally))
        {
            foreach (var (word, count) in tally.Words)
            {
                CollectionsMarshal.GetValueRefOrAddDefault(all.Words, word, out _) += count;
            }
        }

        return all.Words;
    }

    /// <summary>Forgets every word of the lowest counts until half of the cap is free again.</summary>
    private static void Forget(Dictionary<string, long> words, int most)
    {
        for (var rare = 1L; words.Count > most; rare = Math.Max(rare + 1, words.Count > most ? words.Values.Min() : 0))
        {
            foreach (var (word, count) in words)
            {
                if (count <= rare)
                {
                    words.Remove(word);
                }
            }
        }
    }

    /// <summary>Counts of words, looked up by span so that only a new word is allocated.</summary>
    private sealed class Tally : IPieceSink
    {
        private readonly Dictionary<string, long>.AlternateLookup<ReadOnlySpan<char>> _bySpan;

        public Tally(Dictionary<string, long>? words = null)
        {
            Words = words ?? new(WordComparer.Instance);
            _bySpan = Words.GetAlternateLookup<ReadOnlySpan<char>>();
        }

        public Dictionary<string, long> Words { get; }

        public void Add(ReadOnlySpan<char> piece) => CollectionsMarshal.GetValueRefOrAddDefault(_bySpan, piece, out _)++;
    }

    /// <summary>Ordinal equality with the word cache's hash, which is several times faster than the framework's on short words.</summary>
    private sealed class WordComparer : IEqualityComparer<string>, IAlternateEqualityComparer<ReadOnlySpan<char>, string>
    {
        public static WordComparer Instance { get; } = new();

        public bool Equals(string? x, string? y) => string.Equals(x, y, StringComparison.Ordinal);

        public int GetHashCode([DisallowNull] string obj) => GetHashCode(obj.AsSpan());

        public bool Equals(ReadOnlySpan<char> alternate, string other) => alternate.SequenceEqual(other);

        public int GetHashCode(ReadOnlySpan<char> alternate) => (int)(WordCache.Hash(alternate) >> 32);

        public string Create(ReadOnlySpan<char> alternate) => alternate.ToString();
    }
}
