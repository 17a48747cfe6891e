using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Heirloom.Data.Refining;

/// <summary>The first of equal documents; texts that differ only in white space are equal. Holds 36 to 72 bytes a document.</summary>
[Kind("dedup")]
public sealed record ExactDedupSourceConfig : SourceConfig, IExample<ExactDedupSourceConfig>
{
    public static ExactDedupSourceConfig Example => new() { Source = Sources.TextSourceConfig.Example };

    public required SourceConfig Source { get; init; }

    public override IDocumentSource Open(WorkContext work)
    {
        var source = Source.Open(work);
        return new Sources.DocumentStream($"{source.Name} (without copies)", () => Hashes.OfText($"dedup {source.Fingerprint}"), () => Read(source));
    }

    private static IEnumerable<Document> Read(IDocumentSource source)
    {
        var seen = new HashSet<UInt128>();
        foreach (var document in source.Read())
        {
            var words = string.Join(' ', document.Text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
            if (seen.Add(MemoryMarshal.Read<UInt128>(SHA256.HashData(TextEncoding.UTF8.GetBytes(words)))))
            {
                yield return document;
            }
        }
    }
}

/// <summary>
/// The first of near-duplicates: documents whose <see cref="MinHash"/> agrees in a band, and those linked by such pairs (Penedo et al. 2023, §3.3). Hashes all
/// cores wide in a first pass over the source and yields in a second; holds 70 to 140 bytes a band and document: 1.4 to 2.8 kB a document at the defaults.
/// </summary>
[Kind("dedup_near")]
public sealed record NearDedupSourceConfig : SourceConfig, IExample<NearDedupSourceConfig>
{
    public static NearDedupSourceConfig Example => new() { Source = Sources.TextSourceConfig.Example, Hashing = MinHashConfig.Example };

    public required SourceConfig Source { get; init; }

    public MinHashConfig Hashing { get; init; } = new();

    public override IDocumentSource Open(WorkContext work)
    {
        var source = Source.Open(work);
        var keep = new Lazy<bool[]>(() => FirstOfEach(source, work));
        return new Sources.DocumentStream(
            $"{source.Name} (without near copies)",
            () => Hashes.OfText($"dedup_near {Settings.ToYaml(Hashing)} {source.Fingerprint}"),
            () => source.Read().Where((_, i) => keep.Value[i]));
    }

    private bool[] FirstOfEach(IDocumentSource source, WorkContext work)
    {
        var hash = new MinHash(Hashing);
        using var progress = work.Progress.Begin("near-duplicates", unit: "documents");
        var first = new Dictionary<(int Band, UInt128 Key), int>();
        var parents = new List<int>();
        foreach (var keys in source.Read().AsParallel().AsOrdered().WithCancellation(work.Stop).Select(d => hash.Keys(d.Text)))
        {
            var document = parents.Count;
            parents.Add(document);
            for (var band = 0; band < keys.Length; band++)
            {
                if (!first.TryAdd((band, keys[band]), document))
                {
                    Join(first[(band, keys[band])], document);
                }
            }

            progress.Report(parents.Count);
        }

        return [.. Enumerable.Range(0, parents.Count).Select(i => Root(i) == i)];

        // the earlier document is the root of both
        void Join(int a, int b)
        {
            var (one, other) = (Root(a), Root(b));
            parents[Math.Max(one, other)] = Math.Min(one, other);
        }

        int Root(int at)
        {
            while (parents[at] != at)
            {
                at = parents[at] = parents[parents[at]];
            }

            return at;
        }
    }
}
