using System.Diagnostics;
using Heirloom.Checkpoints;
using Heirloom.Models.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Bench.Jobs;

/// <summary>Saving a decoder of 64 million float32 weights and loading it again. Stock is the tensor library's own format, which is neither flushed to the disk, nor checked, nor there whole or not at all.</summary>
internal sealed class SaveAndLoad : IJob
{
    public static string Name => "checkpoint";

    public static IEnumerable<Comparison> Run(BenchOptions options)
    {
        var folder = Directory.CreateTempSubdirectory("heirloom-bench-").FullName;
        try
        {
            var config = DecoderConfig.Gpt2(16384, 256, 512, 17, 8);
            using var model = config.Build(new(1));
            using var other = config.Build(new(2));
            var bytes = 4.0 * model.parameters().Sum(p => p.numel());
            var lineage = new Lineage { Method = "pretrain", Settings = "", Seed = 1 };
            var (ours, stock) = (Path.Combine(folder, "ours"), Path.Combine(folder, "stock.dat"));
            // the disk bounds writing; what was just written is read from memory
            yield return Comparison.Of(
                Name,
                "MB/s",
                options.Rounds,
                new Side(Comparison.Ours, () => Timed(bytes, () =>
                {
                    Checkpoint.Save(ours, new() { Model = model, Lineage = lineage });
                    using var loaded = Checkpoint.Load(ours).Model.Module;
                })),
                new(Comparison.Stock, () => Timed(bytes, () =>
                {
                    model.save(stock);
                    other.load(stock);
                }))) with { Peak = 2 / ((1 / Peaks.Write) + (2 / Peaks.Memory)) / 1e6 };
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static double Timed(double bytes, Action work)
    {
        using var scope = NewDisposeScope();
        var clock = Stopwatch.StartNew();
        work();
        return 2 * bytes / 1e6 / clock.Elapsed.TotalSeconds;
    }
}
