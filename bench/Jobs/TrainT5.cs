using Heirloom.Bench.Stock;
using Heirloom.Bench.Training;
using Heirloom.Data;
using Heirloom.Models;
using Heirloom.Models.Text;
using Heirloom.Objectives;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Heirloom.Bench.Jobs;

/// <summary>Pretraining a T5: 4 + 4 layers × 256, 4 heads, 8 sources of 256 and targets of 64 tokens of 8192.</summary>
internal sealed class TrainT5 : ISides
{
    private const int Vocabulary = 8192, Width = 256, Layers = 4, Heads = 4, Source = 256, Target = 64, Rows = 8;

    public static string Name => "train-t5";

    public static IEnumerable<Comparison> Run(BenchOptions options) => [Sides.Compare<TrainT5>(options, "pairs/s",
        (Source * Layers * (Flops.Block(Width) + Flops.Attention(Width, Source)))
        + (Target * Layers * (Flops.Block(Width) + Flops.Attention(Width, Target) + Flops.Matrix(Width, 2 * Width) + Flops.Attention(Width, Source)))
        + (Source * Layers * Flops.Matrix(Width, 2 * Width))
        + (Target * Flops.Matrix(Width, Vocabulary)))];

    public static void Serve(string side, Turns turns)
    {
        var batches = Tokens.Pairs(Rows, Source, Target, Vocabulary);
        if (side == Comparison.Ours)
        {
            using var model = EncoderDecoderConfig.T5(Vocabulary, Width, Layers, Heads).Build(new(1));
            Sides.Ours<ISequenceToSequenceLM, SequencePairBatch>(turns, model, SequenceToSequence.Objective(), batches);
            return;
        }

        using var stock = new StockT5(Vocabulary, Width, Layers, Heads);
        Sides.Stock(
            turns,
            stock,
            step =>
            {
                var batch = batches[step % batches.Count];
                var shifted = cat([zeros(Rows, 1, ScalarType.Int64), batch.Target.narrow(1, 0, Target - 1)], 1);
                return F.cross_entropy(stock.call(batch.Source, shifted).view(-1, Vocabulary), batch.Target.view(-1));
            },
            Rows);
    }
}
