using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Heirloom.Data;
using Heirloom.Data.Refining;
using Heirloom.Data.Sources;

namespace Heirloom.Bench.Jobs;

/// <summary>
/// Near-duplicates among 600 documents of 200 words, a third of them edited copies, by 9,000 hashes in 20 bands. Stock is MinHash as tutorials write it: sets of
/// shingles as strings, lines modulo a prime, a dictionary for every band.
/// </summary>
internal sealed partial class Dedup : IJob
{
    private const int Count = 600, Words = 200, Bands = 20, Rows = 450, Shingle = 5;
    private const ulong Prime = 4294967311;

    public static string Name => "dedup";

    public static IEnumerable<Comparison> Run(BenchOptions options)
    {
        var texts = Texts();
        var config = new NearDedupSourceConfig { Source = new MemoryConfig { Texts = texts }, Hashing = new() { Bands = Bands, Rows = Rows, ShingleWords = Shingle } };
        yield return Comparison.Of(
            Name,
            "documents/s",
            options.Rounds,
            new Side(Comparison.Ours, () => Timed(() => config.Open(new()).Read().Count())),
            new(Comparison.Stock, () => Timed(() => Straightforward(texts))));
    }

    private static double Timed(Func<int> kept)
    {
        var clock = Stopwatch.StartNew();
        var left = kept();
        var seconds = clock.Elapsed.TotalSeconds;
        return left is > Count / 2 and < Count ? Count / seconds : throw new InvalidOperationException($"{left} of {Count} documents were kept");
    }

    private static int Straightforward(IReadOnlyList<string> texts)
    {
        var random = new Random(1);
        var (a, b) = (Enumerable.Range(0, Bands * Rows).Select(_ => (ulong)random.NextInt64(1, (long)uint.MaxValue)).ToArray(), Enumerable.Range(0, Bands * Rows).Select(_ => (ulong)random.NextInt64(uint.MaxValue)).ToArray());
        var seen = Enumerable.Range(0, Bands).Select(_ => new HashSet<string>()).ToArray();
        return texts.Count(text =>
        {
            var words = Word().Matches(text.ToLowerInvariant()).Select(m => m.Value).ToArray();
            var shingles = Enumerable.Range(0, Math.Max(1, words.Length - Shingle + 1)).Select(i => string.Join(' ', words.Skip(i).Take(Shingle))).ToHashSet();
            var signature = new ulong[Bands * Rows];
            Array.Fill(signature, ulong.MaxValue);
            foreach (var shingle in shingles)
            {
                var hash = (uint)string.GetHashCode(shingle, StringComparison.Ordinal);
                for (var i = 0; i < signature.Length; i++)
                {
                    signature[i] = Math.Min(signature[i], ((a[i] * hash) + b[i]) % Prime);
                }
            }

            var keys = Enumerable.Range(0, Bands).Select(band => string.Join(',', signature.AsSpan(band * Rows, Rows).ToArray())).ToArray();
            var copy = keys.Where((key, band) => seen[band].Contains(key)).Any();
            for (var band = 0; band < Bands; band++)
            {
                seen[band].Add(keys[band]);
            }

            return !copy;
        });
    }

    private static List<string> Texts()
    {
        var rng = new Seed(3).Random();
        var texts = new List<string>();
        for (var i = 0; i < Count; i++)
        {
            texts.Add(i % 3 == 2
                ? texts[^1].ToUpper(CultureInfo.InvariantCulture) + "!"
                : string.Join(' ', Enumerable.Range(0, Words).Select(_ => $"w{rng.Next(20_000)}")));
        }

        return texts;
    }

    [GeneratedRegex(@"\w+")]
    private static partial Regex Word();

    private sealed record MemoryConfig : SourceConfig
    {
        public required IReadOnlyList<string> Texts { get; init; }

        public override IDocumentSource Open(WorkContext work) => new DocumentStream("memory", () => "memory", () => Texts.Select((t, i) => new Document($"{i}", t)));
    }
}
