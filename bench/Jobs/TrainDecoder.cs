using Heirloom.Bench.Stock;
using Heirloom.Bench.Training;
using Heirloom.Data;
using Heirloom.Models;
using Heirloom.Models.Text;
using Heirloom.Objectives;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Heirloom.Bench.Jobs;

/// <summary>Pretraining a GPT of 13.9 million parameters: 6 layers × 384, 6 heads, 8 rows of 256 tokens of 8192.</summary>
internal sealed class TrainDecoderM : ISides
{
    private static readonly DecoderWork s_work = new(Vocabulary: 8192, Context: 256, Width: 384, Layers: 6, Heads: 6, Rows: 8);

    public static string Name => "train-decoder-m";

    public static IEnumerable<Comparison> Run(BenchOptions options) => [Sides.Compare<TrainDecoderM>(options, "tokens/s", s_work.FlopsPerToken)];

    public static void Serve(string side, Turns turns) => s_work.Serve(side, turns);
}

/// <summary>Pretraining a GPT of 1.3 million parameters, where operations are many and small: 4 layers × 128, 4 heads, 16 rows of 128 tokens of 4096.</summary>
internal sealed class TrainDecoderS : ISides
{
    private static readonly DecoderWork s_work = new(Vocabulary: 4096, Context: 128, Width: 128, Layers: 4, Heads: 4, Rows: 16);

    public static string Name => "train-decoder-s";

    public static IEnumerable<Comparison> Run(BenchOptions options) => [Sides.Compare<TrainDecoderS>(options, "tokens/s", s_work.FlopsPerToken)];

    public static void Serve(string side, Turns turns) => s_work.Serve(side, turns);
}

/// <summary>The least that anyone trains, where overhead is all: 2 layers × 64, 2 heads, 1 row of 32 tokens of 512. Ours must not be slower than stock here either.</summary>
internal sealed class TrainDecoderXs : ISides
{
    private static readonly DecoderWork s_work = new(Vocabulary: 512, Context: 32, Width: 64, Layers: 2, Heads: 2, Rows: 1);

    public static string Name => "train-decoder-xs";

    public static IEnumerable<Comparison> Run(BenchOptions options) => [Sides.Compare<TrainDecoderXs>(options, "tokens/s", s_work.FlopsPerToken)];

    public static void Serve(string side, Turns turns) => s_work.Serve(side, turns);
}

internal sealed record DecoderWork(int Vocabulary, int Context, int Width, int Layers, int Heads, int Rows)
{
    public double FlopsPerToken => (Layers * (Flops.Block(Width) + Flops.Attention(Width, Context))) + Flops.Matrix(Width, Vocabulary);

    public void Serve(string side, Turns turns)
    {
        var batches = Tokens.Rows(Rows, Context, Vocabulary);
        if (side == Comparison.Ours)
        {
            using var model = DecoderConfig.Gpt2(Vocabulary, Context, Width, Layers, Heads).Build(new(1));
            Sides.Ours<ILanguageModel, TokenBatch>(turns, model, CausalLM.Objective(), batches);
            return;
        }

        using var stock = new StockDecoder(Vocabulary, Context, Width, Layers, Heads);
        Sides.Stock(
            turns,
            stock,
            step =>
            {
                var ids = batches[step % batches.Count].Ids;
                var logits = stock.call(ids).narrow(1, 0, Context - 1);
                return F.cross_entropy(logits.reshape(-1, Vocabulary), ids.narrow(1, 1, Context - 1).reshape(-1));
            },
            Rows * Context);
    }
}
