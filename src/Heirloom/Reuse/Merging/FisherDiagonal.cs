using Heirloom.Data;
using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Reuse.Merging;

/// <summary>The diagonal of a model's Fisher information: for every parameter the expected square of the gradient of log p(y|x), with y drawn from the model itself.</summary>
/// <remarks>Matena and Raffel 2022, equation 4, with one draw for each example instead of a sum over all outcomes.</remarks>
public static class FisherDiagonal
{
    /// <summary>Of a language model: an example is a row, an outcome the tokens at its targets.</summary>
    /// <param name="model">Stays as it is.</param>
    /// <param name="rows">Batches of one row each, with targets that say which positions count.</param>
    /// <param name="count">Rows to read.</param>
    /// <param name="seed">Of the draws.</param>
    /// <param name="work">Where to compute.</param>
    /// <returns>By parameter.</returns>
    public static Dictionary<string, float[]> Of(ILanguageModel model, IBatches<TokenBatch> rows, int count, Seed seed, WorkContext work) => Of(model, count, seed, work, (step, generator) =>
    {
        var batch = rows.At(step).To(work.Device);
        var targets = (batch.Targets ?? throw new ArgumentException("rows need targets", nameof(rows))).reshape(-1);
        var logits = model.Head(model.Encode(new(batch.Ids) { Mask = batch.Mask, Segments = batch.Segments, TokenTypes = batch.TokenTypes })).to(float32);
        logits = logits.view(-1, logits.shape[^1]);
        var drawn = Draw(logits, generator).masked_fill(targets.eq(TokenBatch.Ignore), TokenBatch.Ignore);
        return nn.functional.cross_entropy(logits, drawn, ignore_index: TokenBatch.Ignore, reduction: nn.Reduction.Sum);
    });

    /// <summary>Of a classifier of texts: an example is a text, an outcome its class.</summary>
    /// <inheritdoc cref="Of(ILanguageModel, IBatches{TokenBatch}, int, Seed, WorkContext)"/>
    public static Dictionary<string, float[]> Of(IClassifier<TokenInputs> model, IBatches<LabeledTokenBatch> rows, int count, Seed seed, WorkContext work) => Of(model, count, seed, work, (step, generator) =>
    {
        var batch = rows.At(step).To(work.Device);
        var logits = model.Classify(new(batch.Ids) { Mask = batch.Mask }).to(float32);
        return nn.functional.cross_entropy(logits, Draw(logits, generator), reduction: nn.Reduction.Sum);
    });

    private static Tensor Draw(Tensor logits, Generator generator)
    {
        using var quiet = no_grad();
        return multinomial(logits.detach().softmax(-1).cpu(), 1, generator: generator).squeeze(-1).to(logits.device);
    }

    private static Dictionary<string, float[]> Of(IModel model, int count, Seed seed, WorkContext work, Func<long, Generator, Tensor> loss)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        var parameters = model.Module.named_parameters().Where(p => p.parameter.requires_grad).ToList();
        var sums = parameters.ToDictionary(p => p.name, p => zeros_like(p.parameter, dtype: float32).DetachFromDisposeScope());
        using var progress = work.Progress.Begin("Fisher information", count, "example");
        var training = model.Module.training;
        model.Module.eval();
        try
        {
            for (var step = 0L; step < count; step++)
            {
                work.Stop.ThrowIfCancellationRequested();
                using var scope = NewDisposeScope();
                using var generator = seed.For("outcome", step).Generator();
                model.Module.zero_grad();
                loss(step, generator).backward();
                using var quiet = no_grad();
                foreach (var (name, parameter) in parameters.Where(p => p.parameter.grad is not null))
                {
                    sums[name].add_(parameter.grad!.to(float32).square());
                }

                progress.Report(step + 1);
            }

            return sums.ToDictionary(s => s.Key, s => (float[])[.. s.Value.cpu().contiguous().view(-1).data<float>().Select(x => x / count)]);
        }
        finally
        {
            model.Module.zero_grad();
            model.Module.train(training);
            foreach (var sum in sums.Values)
            {
                sum.Dispose();
            }
        }
    }
}
