using System.Diagnostics;
using Heirloom.Generation;
using Heirloom.Models.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Bench.Jobs;

/// <summary>
/// Greedy decoding, one row: a Llama-type decoder of 6 layers × 384 with 6 heads and 8192 tokens writes 200 tokens, in float32. Stock is the same library without
/// a cache, reading the whole prefix for every token; a peer is llama2.c with the same weights.
/// </summary>
internal sealed class Decode : IJob
{
    private const int Tokens = 200;

    public static string Name => "decode";

    public static IEnumerable<Comparison> Run(BenchOptions options)
    {
        using var model = (DecoderConfig.Llama(8192, 256, 384, 6, 6) with { TieEmbeddings = false }).Build(new Seed(1));
        model.eval();
        var weights = Path.Combine(Path.GetTempPath(), $"heirloom-bench-{Environment.ProcessId}.bin");
        try
        {
            var threads = get_num_threads();
            foreach (var used in new[] { 1, Environment.ProcessorCount })
            {
                set_num_threads(used);
                List<Side> sides = [new(Comparison.Ours, () => WithCache(model)), new(Comparison.Stock, () => WithoutCache(model))];
                if (options.Llama2C is { } program)
                {
                    Llama2C.Write(model, weights);
                    sides.Add(new("llama2.c", () => Llama2C.Run(program, weights, Tokens, used)));
                }

                yield return Comparison.Of(used == Environment.ProcessorCount ? Name : $"{Name}-{used}-thread", "tokens/s", options.Rounds, sides);
            }

            set_num_threads(threads);
        }
        finally
        {
            File.Delete(weights);
            File.Delete(weights + ".tokens");
        }
    }

    private static double WithCache(Decoder model)
    {
        var clock = Stopwatch.StartNew();
        var written = new TokenGenerator(model).Generate([[1]], new() { MaxTokens = Tokens, Sampling = new() { Temperature = 0 } }, new Seed(1));
        return written[0].Ids.Length / clock.Elapsed.TotalSeconds;
    }

    private static double WithoutCache(Decoder model)
    {
        using var frozen = no_grad();
        var clock = Stopwatch.StartNew();
        List<long> ids = [1];
        for (var i = 0; i < Tokens; i++)
        {
            using var scope = NewDisposeScope();
            var hidden = model.Encode(new(tensor(ids.ToArray()).unsqueeze(0)));
            ids.Add(model.Head(hidden.select(1, ids.Count - 1)).argmax(1).item<long>());
        }

        return Tokens / clock.Elapsed.TotalSeconds;
    }
}
