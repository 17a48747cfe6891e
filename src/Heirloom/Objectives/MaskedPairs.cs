using System.ComponentModel.DataAnnotations;
using Heirloom.Data;
using Heirloom.Data.Batching;
using Heirloom.Layers;
using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Objectives;

/// <summary>The source holds one mask, which stands for as many as the target has tokens; all are predicted at once, each without the others (Devlin et al. 2019).</summary>
[Kind("masked")]
public sealed record MaskedPairs : PairForm, IExample<MaskedPairs>
{
    static MaskedPairs IExample<MaskedPairs>.Example => new() { MaskToken = 4 };

    /// <summary>Stands once in every source.</summary>
    [Range(0, int.MaxValue)]
    public required int MaskToken { get; init; }

    /// <exception cref="UserError">The model predicts no masked tokens, or a source has not one of them.</exception>
    public override PairPredictions Predict(IModel model, SequencePairBatch batch)
    {
        var able = Able<IMaskedLM>(model);
        var blanks = BlankOf(batch, MaskToken).cpu().data<long>().ToArray();
        var sources = TokenTexts.Of(new(batch.Source, Mask: batch.SourceMask)).ToList();
        var targets = TokenTexts.Of(new(batch.Target, Mask: batch.Target.ne(KeptScalar.Of(TokenBatch.Ignore)))).ToList();

        // as pairs, so that one place knows how to pad: the same length on both sides
        var rows = SequencePairBatches.Collate(
            [.. sources.Select((s, i) => new SequencePair(Expand(s, blanks[i], Enumerable.Repeat((long)MaskToken, targets[i].Length)), Expand([.. s.Select(_ => TokenBatch.Ignore)], blanks[i], targets[i])))],
            MaskToken).To(batch.Source.device);
        return new(able.Encode(new(rows.Source) { Mask = rows.SourceMask }), rows.Target, able.Head);

        static long[] Expand(long[] row, long at, IEnumerable<long> filling) => [.. row[..(int)at], .. filling, .. row[((int)at + 1)..]];
    }

    /// <summary><c>[B]</c>: where the one mask of every source stands.</summary>
    internal static Tensor BlankOf(SequencePairBatch batch, long mask)
    {
        var found = batch.Source.eq(KeptScalar.Of(mask)).logical_and(batch.SourceMask).to(ScalarType.Int64);
        return found.sum(1).eq(KeptScalar.One).all().item<bool>()
            ? found.argmax(1)
            : throw new UserError($"every source must hold the mask {mask} once", "pairs", "put it where the answer belongs");
    }
}
