using Heirloom.Data;
using static TorchSharp.torch;

namespace Heirloom.Objectives;

/// <summary>Rows of a batch as plain arrays, for objectives that rearrange texts.</summary>
public static class TokenTexts
{
    /// <summary>Every row's real tokens, in order; a row counts as one text.</summary>
    public static IEnumerable<long[]> Of(TokenBatch batch)
    {
        var length = (int)batch.Ids.shape[1];
        var ids = batch.Ids.cpu().contiguous().data<long>().ToArray();
        var real = batch.Mask?.cpu().contiguous().data<bool>().ToArray();
        for (var row = 0; row < batch.Count; row++)
        {
            yield return [.. Enumerable.Range(row * length, length).Where(i => real is null || real[i]).Select(i => ids[i])];
        }
    }

    /// <summary>Every text of held-out batches, in order.</summary>
    /// <exception cref="ArgumentException">They have no end.</exception>
    public static IEnumerable<long[]> OfEpoch(IBatches<TokenBatch> heldOut)
    {
        var steps = heldOut.StepsPerEpoch ?? throw new ArgumentException("held-out text has an end", nameof(heldOut));
        for (var step = 0L; step < steps; step++)
        {
            long[][] texts;
            using (NewDisposeScope())
            {
                texts = [.. Of(heldOut.At(step))];
            }

            foreach (var text in texts)
            {
                yield return text;
            }
        }
    }

    /// <summary>The same rows, each as one text whose tokens all see and predict each other, whatever documents were packed into it.</summary>
    public static TokenBatch AsTexts(this TokenBatch batch) => batch with { Segments = null, Targets = null };
}
