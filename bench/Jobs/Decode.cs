using System.Diagnostics;
using Heirloom.Generation;
using Heirloom.Models.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Bench.Jobs;

/// <summary>
/// Greedy decoding by a Llama-type decoder of 6 layers × 384 with 6 heads and 8192 tokens, in float32 unless said otherwise: 200 tokens of one row, 100 of eight
/// rows, 100 with four beams. Stock is the tensor library with the model's cache; beside it the same without one, reading the whole prefix for every token, and
/// llama2.c with the same weights. Then how fast a prompt of 240 tokens is read.
/// </summary>
internal sealed class Decode : IJob
{
    private const int Tokens = 200, Prompt = 240;

    public static string Name => "decode";

    public static IEnumerable<Comparison> Run(BenchOptions options)
    {
        var config = DecoderConfig.Llama(8192, 256, 384, 6, 6) with { TieEmbeddings = false };
        using var model = config.Build(new Seed(1));
        using var half = config.Build(new Seed(1));
        model.eval();
        half.to(ScalarType.BFloat16).eval();
        // all but the embedding, of which a token reads a row
        var read = model.named_parameters().Where(p => p.name != "embedding.weight").Sum(p => p.parameter.numel());
        var inside = model.named_parameters().Where(p => p.name.StartsWith("layers.", StringComparison.Ordinal)).Sum(p => p.parameter.numel());
        var weights = Path.Combine(Path.GetTempPath(), $"heirloom-bench-{Environment.ProcessId}.bin");
        var threads = get_num_threads();
        try
        {
            foreach (var used in new[] { Environment.ProcessorCount, 1 }.Distinct())
            {
                set_num_threads(used);
                var all = used == Environment.ProcessorCount;
                var ending = all ? "" : $"-{used}-thread";
                List<Side> sides = [.. Engines(engine => Write(model, 1, Tokens, engine)), new("no cache", () => WithoutCache(model))];
                if (options.Llama2C is { } program)
                {
                    Llama2C.Write(model, weights);
                    sides.Add(new("llama2.c", () => Llama2C.Run(program, weights, Tokens, used)));
                }

                yield return Comparison.Of(Name + ending, "tokens/s", options.Rounds, sides) with { Peak = all ? Peaks.Memory / (read * sizeof(float)) : null };
                yield return Comparison.Of($"decode-bfloat16{ending}", "tokens/s", options.Rounds, [.. Engines(engine => Write(half, 1, Tokens, engine))]);
                yield return Comparison.Of($"decode-rows{ending}", "tokens/s", options.Rounds, [.. Engines(engine => Write(model, 8, Tokens / 2, engine))]);
                yield return Comparison.Of($"decode-beams{ending}", "tokens/s", options.Rounds, [.. Engines(engine => Search(model, engine))]);
                yield return Comparison.Of($"decode-prompt{ending}", "tokens/s", options.Rounds, [.. Engines(engine => Read(model, engine))]) with { Peak = all ? Peaks.Product(ScalarType.Float32) / (2 * inside) : null };
            }
        }
        finally
        {
            set_num_threads(threads);
            File.Delete(weights);
            File.Delete(weights + ".tokens");
        }
    }

    private static IEnumerable<Side> Engines(Func<DecodingEngine, double> turn) =>
        [new(Comparison.Ours, () => turn(DecodingEngine.Kernels)), new(Comparison.Stock, () => turn(DecodingEngine.Torch))];

    private static double Write(Decoder model, int rows, int tokens, DecodingEngine engine)
    {
        var prompts = Enumerable.Range(1, rows).Select(i => (int[])[i]).ToArray();
        var clock = Stopwatch.StartNew();
        var written = new TokenGenerator(model).Generate(prompts, new() { MaxTokens = tokens, Sampling = SamplingConfig.Greedy, Engine = engine }, new Seed(1));
        return written.Sum(w => w.Ids.Length) / clock.Elapsed.TotalSeconds;
    }

    private static double Search(Decoder model, DecodingEngine engine)
    {
        var clock = Stopwatch.StartNew();
        var found = new BeamSearch(model).Search([1], new() { Beams = 4, MaxTokens = Tokens / 2, Engine = engine });
        return found[0].Ids.Length / clock.Elapsed.TotalSeconds;
    }

    private static double Read(Decoder model, DecodingEngine engine)
    {
        var prompt = Enumerable.Range(0, Prompt).Select(i => i * 31 % model.VocabularySize).ToArray();
        using var session = DecodingSession.Open(model, [prompt], 1, engine);
        var clock = Stopwatch.StartNew();
        session.Start().Dispose();
        return Prompt / clock.Elapsed.TotalSeconds;
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
