using Heirloom.Data;
using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Evaluation.Metrics;

/// <summary>What a language model paid for a text: negative log-likelihoods in nats, row by row.</summary>
/// <param name="Sums">Over the counted tokens of each row.</param>
/// <param name="Counts">Tokens counted in each row, none of them zero.</param>
public sealed record TokenLosses(IReadOnlyList<double> Sums, IReadOnlyList<long> Counts)
{
    /// <summary>Nats a token over the whole text.</summary>
    public double Mean => Sums.Sum() / Counts.Sum();

    public double Perplexity => Math.Exp(Mean);

    public long Tokens => Counts.Sum();

    /// <summary>Nats a token of each row: the examples of a bootstrap.</summary>
    public double[] ByRow => [.. Sums.Zip(Counts, (sum, count) => sum / count)];

    /// <summary>Bits a byte of the text, which compares models with different tokenizers.</summary>
    /// <param name="bytes">UTF-8 bytes of the text that the tokens stand for.</param>
    public double BitsPerByte(long bytes) => Sums.Sum() / Math.Log(2) / bytes;

    /// <summary>Scores a model on one pass over held-out batches; rows without a single target are left out.</summary>
    /// <param name="model">Put into evaluation mode for the while, and back.</param>
    /// <param name="batches">With targets and an end (<see cref="IBatches{TBatch}.StepsPerEpoch"/>).</param>
    /// <param name="work">Where to compute and when to stop.</param>
    /// <exception cref="UserError">The held-out text holds no token to predict.</exception>
    public static TokenLosses Of(ILanguageModel model, IBatches<TokenBatch> batches, WorkContext work)
    {
        var (sums, counts) = (new List<double>(), new List<long>());
        HeldOutPass.Each([model], batches, work, (batch, _) => Add(model, batch, sums, counts));
        return sums.Count > 0 ? new(sums, counts) : throw new UserError("the held-out text holds no token to predict", mend: "give it more text");
    }

    private static void Add(ILanguageModel model, TokenBatch batch, List<double> sums, List<long> counts)
    {
        var targets_BT = batch.Targets ?? throw new ArgumentException("evaluation needs targets", nameof(batch));
        var logits_BTV = model.Head(model.Encode(new(batch.Ids) { Mask = batch.Mask, Segments = batch.Segments, TokenTypes = batch.TokenTypes })).to(float32);
        var vocabulary = logits_BTV.shape[^1];
        var losses_BT = nn.functional.cross_entropy(
            logits_BTV.view(-1, vocabulary), targets_BT.reshape(-1), ignore_index: TokenBatch.Ignore, reduction: nn.Reduction.None).view(targets_BT.shape);
        var sum_B = losses_BT.sum(1, type: ScalarType.Float64).cpu().data<double>().ToArray();
        var count_B = targets_BT.ne(TokenBatch.Ignore).sum(1).cpu().data<long>().ToArray();
        for (var row = 0; row < sum_B.Length; row++)
        {
            if (count_B[row] > 0)
            {
                sums.Add(sum_B[row]);
                counts.Add(count_B[row]);
            }
        }
    }
}
