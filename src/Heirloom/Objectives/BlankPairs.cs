using System.ComponentModel.DataAnnotations;
using Heirloom.Data;
using Heirloom.Data.Batching;
using Heirloom.Models;
using Heirloom.Models.Text;
using static TorchSharp.torch;

namespace Heirloom.Objectives;

/// <summary>The source holds one blank, which the target fills token by token (GLM; Du et al. 2022, §2.3: a classification is a cloze question).</summary>
[Kind("blank")]
public sealed record BlankPairs : PairForm, IExample<BlankPairs>
{
    static BlankPairs IExample<BlankPairs>.Example => new() { MaskToken = 4, StartToken = 2 };

    /// <summary>Stands once in every source.</summary>
    [Range(0, int.MaxValue)]
    public required int MaskToken { get; init; }

    /// <summary>Read before the target's first token.</summary>
    [Range(0, int.MaxValue)]
    public required int StartToken { get; init; }

    /// <exception cref="UserError">The model fills no blanks, or a source has not one of them.</exception>
    public override PairPredictions Predict(IModel model, SequencePairBatch batch)
    {
        var able = Able<IBlankInfillingLM>(model);
        var blank_B = MaskedPairs.BlankOf(batch, MaskToken);
        var filled = batch.Target.ne(TokenBatch.Ignore);
        var order = PairRows.Order(cat([batch.SourceMask, filled], 1));
        var length = batch.Target.shape[1];
        var inB = zeros_like(batch.Target).add(arange(1, length + 1, device: batch.Target.device));
        var inputs = new BlankInputs(
            cat([batch.Source, SequenceToSequence.ShiftRight(batch.Target, StartToken, StartToken)], 1).gather(1, order),
            cat([arange(batch.Source.shape[1], device: batch.Source.device).unsqueeze(0).expand_as(batch.Source), blank_B.unsqueeze(1).expand_as(batch.Target)], 1).gather(1, order),
            cat([zeros_like(batch.Source), inB], 1).gather(1, order),
            batch.SourceMask.sum(1));
        return new(able.Encode(inputs), cat([full_like(batch.Source, TokenBatch.Ignore), batch.Target], 1).gather(1, order), able.Head);
    }
}

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
        var targets = TokenTexts.Of(new(batch.Target, Mask: batch.Target.ne(TokenBatch.Ignore))).ToList();

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
        var found = batch.Source.eq(mask).logical_and(batch.SourceMask).to(ScalarType.Int64);
        return found.sum(1).eq(1).all().item<bool>()
            ? found.argmax(1)
            : throw new UserError($"every source must hold the mask {mask} once", "pairs", "put it where the answer belongs");
    }
}
