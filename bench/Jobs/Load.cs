using System.Diagnostics;
using Heirloom.Data.Tokens;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Bench.Jobs;

/// <summary>
/// Shuffled batches of 32 rows of 1024 tokens from a corpus of 40 million on disk, documents kept apart. Stock reads rows of 16-bit ids with a stream and a
/// reader, and knows no documents.
/// </summary>
internal sealed class Load : IJob
{
    private const int Vocabulary = 30_000, Documents = 40_000, Length = 1000, Rows = 32, Context = 1024, Steps = 100;

    public static string Name => "load";

    public static IEnumerable<Comparison> Run(BenchOptions options)
    {
        var folder = Directory.CreateTempSubdirectory("heirloom-bench-").FullName;
        try
        {
            var (ours, stock) = (Path.Combine(folder, "corpus.tokens"), Path.Combine(folder, "corpus.bin"));
            Write(ours, stock);
            using var file = TokenFile.Open(ours);
            var batches = new PackedBatches(file, new() { ContextLength = Context, BatchSize = Rows }, new(1));
            var step = 0L;
            // ids, targets and segments are written once, 8 bytes each
            yield return Comparison.Of(
                Name,
                "tokens/s",
                options.Rounds,
                new Side(Comparison.Ours, () => Timed(() =>
                {
                    using var scope = NewDisposeScope();
                    _ = batches.At(step++);
                })),
                new(Comparison.Stock, () =>
                {
                    using var reader = new BinaryReader(File.OpenRead(stock));
                    var random = new Random(1);
                    return Timed(() => Straightforward(reader, random));
                })) with { Peak = Peaks.Memory / (3 * sizeof(long)) };
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static double Timed(Action batch)
    {
        var clock = Stopwatch.StartNew();
        for (var i = 0; i < Steps; i++)
        {
            batch();
        }

        return Steps * Rows * Context / clock.Elapsed.TotalSeconds;
    }

    private static void Straightforward(BinaryReader reader, Random random)
    {
        using var scope = NewDisposeScope();
        var (ids, targets) = (new List<Tensor>(), new List<Tensor>());
        for (var row = 0; row < Rows; row++)
        {
            reader.BaseStream.Position = 2 * random.NextInt64((reader.BaseStream.Length / 2) - Context - 1);
            var tokens = new List<long>();
            for (var i = 0; i <= Context; i++)
            {
                tokens.Add(reader.ReadUInt16());
            }

            ids.Add(tensor(tokens.Take(Context).ToArray()));
            targets.Add(tensor(tokens.Skip(1).ToArray()));
        }

        _ = (stack(ids), stack(targets));
    }

    private static void Write(string ours, string stock)
    {
        var rng = new Seed(1).Random();
        using var plain = new BinaryWriter(File.Create(stock));
        TokenFileWriter.Write(ours, new() { VocabularySize = Vocabulary, TokenizerFingerprint = "none", SourceFingerprint = "none", Separator = 0 }, Enumerable.Range(0, Documents).Select(_ =>
        {
            int[] ids = [.. Enumerable.Range(1, Length).Select(i => i == Length ? 0 : 1 + rng.Next(Vocabulary - 1))];
            Array.ForEach(ids, id => plain.Write((ushort)id));
            return new EncodedDocument(ids);
        }));
    }
}
