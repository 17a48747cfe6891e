using System.Diagnostics;
using Heirloom.Checkpoints;
using Heirloom.Models;
using Heirloom.Models.Text;
using Heirloom.Reuse.MergeRecipes;
using Heirloom.Reuse.Merging;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Bench.Jobs;

/// <summary>
/// Merging two decoders of 113 million float32 weights into their mean, and by TIES over a third. Stock loads both whole, averages them and saves with the tensor library,
/// which is neither flushed to the disk, nor hashed, nor there whole or not at all.
/// </summary>
internal sealed class Merge : IJob
{
    public static string Name => "merge";

    public static IEnumerable<Comparison> Run(BenchOptions options)
    {
        var folder = Directory.CreateTempSubdirectory("heirloom-bench-").FullName;
        try
        {
            var names = Enumerable.Range(0, 3).Select(i => Path.Combine(folder, $"{i}")).ToList();
            var bytes = names.Index().Sum(n => Save(n.Item, (ulong)n.Index));
            var each = bytes / 3.0;
            // two models are read, one is written; what was written a moment ago is read from memory
            yield return Comparison.Of(
                Name,
                "MB/s",
                options.Rounds,
                new Side(Comparison.Ours, () => Timed(3 * each, () => Merger.Run(MergeRecipe.Of("linear", null, (names[0], 1), (names[1], 1)), new Dictionary<string, string>(), Path.Combine(folder, "ours"), new(), new()))),
                new(Comparison.Stock, () => Timed(3 * each, () => Average(names[0], names[1], Path.Combine(folder, "stock.dat"))))) with { Peak = 3 / ((1 / Peaks.Write) + (2 / Peaks.Memory)) / 1e6 };
            yield return Comparison.Of(
                "merge-ties",
                "MB/s",
                options.Rounds,
                new Side(Comparison.Ours, () => Timed(4 * each, () => Merger.Run(
                    MergeRecipe.Parse($"merge_method: ties\nbase_model: {names[2]}\nparameters: {{weight: 1, density: 0.5}}\nmodels: [{{model: {names[0]}}}, {{model: {names[1]}}}]\n", Name),
                    new Dictionary<string, string>(), Path.Combine(folder, "ours"), new(), new())))) with { Peak = 4 / ((1 / Peaks.Write) + (3 / Peaks.Memory)) / 1e6 };
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static long Save(string folder, ulong seed)
    {
        using var scope = NewDisposeScope();
        IModel model = DecoderConfig.Gpt2(32768, 256, 768, 12, 12).Build(new Seed(seed));
        Checkpoint.Save(folder, new() { Model = model, Lineage = new() { Method = "pretrain", Settings = "", Seed = seed } });
        return 4 * model.Module.parameters().Sum(p => p.numel());
    }

    private static void Average(string a, string b, string output)
    {
        using var one = Checkpoint.Load(a).Model.Module;
        using var two = Checkpoint.Load(b).Model.Module;
        using var quiet = no_grad();
        var other = two.state_dict();
        foreach (var (name, tensor) in one.state_dict())
        {
            using var scope = NewDisposeScope();
            tensor.add_(other[name]).div_(2.ToScalar());
        }

        one.save(output);
    }

    private static double Timed(double bytes, Action work)
    {
        using var scope = NewDisposeScope();
        var clock = Stopwatch.StartNew();
        work();
        return bytes / 1e6 / clock.Elapsed.TotalSeconds;
    }
}
