using Heirloom.Bench.Stock;
using Heirloom.Bench.Training;
using Heirloom.Data;
using Heirloom.Models;
using Heirloom.Models.Text;
using Heirloom.Objectives;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Heirloom.Bench.Jobs;

/// <summary>Pretraining a BERT by masked tokens, of the decoder M's size, with its dropout of a tenth.</summary>
internal sealed class TrainEncoder : ISides
{
    private const int Vocabulary = 8192, Context = 256, Width = 384, Layers = 6, Heads = 6, Rows = 8, Mask = 1;
    private const double Dropout = 0.1, Rate = 0.15;

    public static string Name => "train-encoder";

    // logits count where there is something to predict, whoever computes more of them
    public static IEnumerable<Comparison> Run(BenchOptions options) => [Sides.Compare<TrainEncoder>(
        options,
        "tokens/s",
        (Layers * (Flops.Block(Width) + Flops.Attention(Width, Context))) + (Rate * (Flops.Matrix(Width, Width) + Flops.Matrix(Width, Vocabulary))))];

    public static void Serve(string side, Turns turns)
    {
        var batches = Tokens.Rows(Rows, Context, Vocabulary);
        var masking = new MaskingConfig { MaskToken = Mask, VocabularySize = Vocabulary, SpecialTokens = [0, 2, 3], Rate = Rate };
        if (side == Comparison.Ours)
        {
            using var model = EncoderConfig.Bert(Vocabulary, Context, Width, Layers, Heads, Dropout).Build(new(1));
            Sides.Ours<IMaskedLM, TokenBatch>(turns, model, MaskedLM.Objective(masking), batches);
            return;
        }

        using var stock = new StockEncoder(Vocabulary, Context, Width, Layers, Heads, Dropout);
        Sides.Stock(
            turns,
            stock,
            step =>
            {
                var ids = batches[step % batches.Count].Ids;
                var chosen = rand(ids.shape).lt(Rate);
                var fate = rand(ids.shape);
                var seen = where(chosen.logical_and(fate.lt(0.8)), full_like(ids, Mask), ids);
                seen = where(chosen.logical_and(fate.ge(0.8)).logical_and(fate.lt(0.9)), randint(4, Vocabulary, ids.shape, ScalarType.Int64), seen);
                return F.cross_entropy(stock.call(seen).view(-1, Vocabulary), where(chosen, ids, full_like(ids, TokenBatch.Ignore)).view(-1), ignore_index: TokenBatch.Ignore);
            },
            Rows * Context);
    }
}
