using System.Diagnostics;
using System.Globalization;
using Heirloom.Data.Sets;
using Heirloom.Encoding;
using Heirloom.Encoding.Learning;
using Heirloom.Encoding.PreTokenizers;
using Heirloom.Encoding.Stages;

namespace Heirloom.Bench.Jobs;

/// <summary>
/// Encoding ten megabytes of English line by line by tokenizers of 30,000 tokens that were learned from it: one thread, all threads, and the Rust library through
/// its Node binding; and learning them.
/// </summary>
internal sealed class Tokenize : IJob
{
    private const int Megabytes = 10, Vocabulary = 30_000, LearningRounds = 2;

    /// <summary>How Llama 3 splits text.</summary>
    private const string Llama3 = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    public static string Name => "tokenize";

    public static IEnumerable<Comparison> Run(BenchOptions options)
    {
        using var text = new TextLines(Megabytes);
        var bytes = Learned(new BpeTrainingConfig { VocabularySize = Vocabulary });
        yield return Encoded("tokenize", bytes);
        yield return Encoded("tokenize-llama3", OfLlama3(bytes));
        yield return Encoded("tokenize-wordpiece", Learned(new WordPieceTrainingConfig { VocabularySize = Vocabulary }));
        yield return Encoded("tokenize-unigram", Learned(new UnigramTrainingConfig { VocabularySize = Vocabulary }));
        yield return Learning("learn-bpe", new BpeTrainingConfig { VocabularySize = Vocabulary });
        yield return Learning("learn-wordpiece", new WordPieceTrainingConfig { VocabularySize = Vocabulary });
        yield return Learning("learn-unigram", new UnigramTrainingConfig { VocabularySize = Vocabulary });

        Tokenizer Learned(TokenizerTrainingConfig config) => config.Train(text.Lines, new WorkContext());

        Comparison Learning(string name, TokenizerTrainingConfig config) =>
            Comparison.Of(name, "MB/s", Math.Min(options.Rounds, LearningRounds), [new(Comparison.Ours, () => Timed(() => Learned(config).VocabularySize))]);

        Comparison Encoded(string name, Tokenizer tokenizer)
        {
            var folder = Path.Combine(text.Folder, name);
            Directory.CreateDirectory(folder);
            tokenizer.WriteTo(folder);
            List<Side> sides =
            [
                new(Comparison.Ours, () => Timed(() => text.Lines.Sum(l => tokenizer.Encode(l).Length))),
                new("all threads", () => Timed(() => tokenizer.EncodeBatch(text.Lines).Sum(i => i.Length))),
            ];
            if (options.NodeModules is { } node)
            {
                sides.Add(new("npm tokenizers", () => Peer(node, folder, text.File)));
            }

            return Comparison.Of(name, "MB/s", options.Rounds, sides);
        }

        double Timed(Func<long> work)
        {
            var clock = Stopwatch.StartNew();
            _ = work();
            return text.Bytes / 1e6 / clock.Elapsed.TotalSeconds;
        }
    }

    /// <summary>The same vocabulary behind Llama 3's expression, words that are tokens taken whole.</summary>
    private static Tokenizer OfLlama3(Tokenizer bytes) => new(bytes.Definition with
    {
        PreTokenizer = new SequencePreTokenizer
        {
            PreTokenizers =
            [
                new Split { Pattern = new() { Regex = Llama3 }, Behavior = SplitBehavior.Isolated },
                new ByteLevelPreTokenizer { AddPrefixSpace = false, UseRegex = false },
            ],
        },
        Model = (BpeModel)bytes.Definition.Model with { IgnoreMerges = true },
    });

    private static double Peer(string modules, string folder, string text)
    {
        var start = new ProcessStartInfo("node", [Path.Combine(AppContext.BaseDirectory, "peers", "tokenize.js"), Path.Combine(folder, "tokenizer.json"), text]) { RedirectStandardOutput = true };
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
            File = Path.Combine(Folder, "text.txt");
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
            System.IO.File.WriteAllLines(File, lines);
        }

        public string Folder { get; }

        public string File { get; }

        public IReadOnlyList<string> Lines { get; }

        public long Bytes { get; }

        public void Dispose() => Directory.Delete(Folder, recursive: true);
    }
}
