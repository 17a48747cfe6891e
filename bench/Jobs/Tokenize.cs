using System.Diagnostics;
using System.Globalization;
using Heirloom.Data.Sets;
using Heirloom.Encoding;

namespace Heirloom.Bench.Jobs;

/// <summary>Encoding ten megabytes of English line by line with a byte-level BPE of 30,000 tokens: one thread, all threads, and the Rust library through its Node binding.</summary>
internal sealed class Tokenize : IJob
{
    private const int Megabytes = 10;

    public static string Name => "tokenize";

    public static IEnumerable<Comparison> Run(BenchOptions options)
    {
        using var catalog = new TextLines(Megabytes);
        var tokenizer = new BpeTrainingConfig { VocabularySize = 30_000 }.Train(catalog.Lines, new WorkContext());
        tokenizer.WriteTo(catalog.Folder);
        List<Side> sides =
        [
            new(Comparison.Ours, () => Timed(() => catalog.Lines.Sum(l => tokenizer.Encode(l).Length))),
            new("all threads", () => Timed(() => tokenizer.EncodeBatch(catalog.Lines).Sum(i => i.Length))),
        ];
        if (options.NodeModules is { } node)
        {
            sides.Add(new("npm tokenizers", () => Peer(node, catalog.Folder, catalog.Path)));
        }

        yield return Comparison.Of("tokenize", "MB/s", options.Rounds, sides);

        double Timed(Func<long> work)
        {
            var clock = Stopwatch.StartNew();
            _ = work();
            return catalog.Bytes / 1e6 / clock.Elapsed.TotalSeconds;
        }
    }

    private static double Peer(string modules, string folder, string text)
    {
        var start = new ProcessStartInfo("node", [System.IO.Path.Combine(AppContext.BaseDirectory, "peers", "tokenize.js"), System.IO.Path.Combine(folder, "tokenizer.json"), text]) { RedirectStandardOutput = true };
        start.Environment["NODE_PATH"] = modules;
        start.Environment["TOKENIZERS_PARALLELISM"] = "false";
        using var process = Process.Start(start)!;
        var said = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? double.Parse(said, CultureInfo.InvariantCulture) : throw new UserError("the peer failed", "node", "install tokenizers in the folder given as --node-modules");
    }

    /// <summary>Lines of real text in memory and in a file.</summary>
    private sealed class TextLines : IDisposable
    {
        public TextLines(int megabytes)
        {
            Folder = Directory.CreateTempSubdirectory("heirloom-bench-").FullName;
            Path = System.IO.Path.Combine(Folder, "text.txt");
            var lines = new List<string>();
            foreach (var line in new[] { "brown", "sotu" }.SelectMany(n => new DataSetSourceConfig { Name = n }.Open(new WorkContext()).Read()).SelectMany(d => d.Text.Split('\n')).Where(l => l.Length > 0))
            {
                lines.Add(line);
                Bytes += TextEncoding.UTF8.GetByteCount(line);
                if (Bytes > megabytes * 1_000_000L)
                {
                    break;
                }
            }

            Lines = lines;
            File.WriteAllLines(Path, lines);
        }

        public string Folder { get; }

        public string Path { get; }

        public IReadOnlyList<string> Lines { get; }

        public long Bytes { get; }

        public void Dispose() => Directory.Delete(Folder, recursive: true);
    }
}
