using System.ComponentModel.DataAnnotations;
using Heirloom.Data;
using Heirloom.Layers;
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
        var filled = batch.Target.ne(KeptScalar.Of(TokenBatch.Ignore));
        var order = PairRows.Order(cat([batch.SourceMask, filled], 1));
        var length = batch.Target.shape[1];
        var inB = arange(1, length + 1, device: batch.Target.device).unsqueeze(0).expand_as(batch.Target);
        var inputs = new BlankInputs(
            cat([batch.Source, DecoderInputs.ShiftRight(batch.Target, StartToken, StartToken)], 1).gather(1, order),
            cat([arange(batch.Source.shape[1], device: batch.Source.device).unsqueeze(0).expand_as(batch.Source), blank_B.unsqueeze(1).expand_as(batch.Target)], 1).gather(1, order),
            cat([zeros_like(batch.Source), inB], 1).gather(1, order),
            batch.SourceMask.sum(1));
        return new(able.Encode(inputs), cat([full_like(batch.Source, KeptScalar.Of(TokenBatch.Ignore)), batch.Target], 1).gather(1, order), able.Head);
    }
}
