using Heirloom.Data;
using Heirloom.Layers;
using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Objectives;

/// <summary>How a model reads a source and writes a target: what sets causal decoders, prefix decoders and encoder–decoders apart where all do the same task.</summary>
public abstract record PairForm : Kinded, IExample<PairForm>
{
    public static PairForm Example => new EncoderDecoderPairs();

    /// <summary>What the model says of every target token, given the source and the target tokens before it.</summary>
    /// <param name="model">Of the kind that this form needs.</param>
    /// <param name="batch">Sources of at least one token.</param>
    /// <exception cref="UserError">The model cannot read pairs in this form.</exception>
    public abstract PairPredictions Predict(IModel model, SequencePairBatch batch);

    /// <summary>The model as what this form needs.</summary>
    protected T Able<T>(IModel model) where T : class => model as T
        ?? throw new UserError($"{model.GetType().Name} is no {typeof(T).Name[1..]}", GetType().Name, "choose the form of pairs that fits the model");
}

/// <summary>Hidden vectors <c>[B, T, D]</c>, the tokens <c>[B, T]</c> that they predict (<see cref="TokenBatch.Ignore"/> where none), in target order, and the head over them.</summary>
public sealed record PairPredictions(Tensor Hidden, Tensor Targets, Func<Tensor, Tensor> Head);

/// <summary>Source and target make one row, in which no position sees a later one.</summary>
[Kind("causal")]
public sealed record CausalPairs : PairForm
{
    public override PairPredictions Predict(IModel model, SequencePairBatch batch) => PairRows.Predict(Able<ICausalLM>(model), batch, bidirectional: false);
}

/// <summary>Source and target make one row, in which the source's positions see each other both ways (Liu et al. 2018; Raffel et al. 2020, fig. 4).</summary>
[Kind("prefix")]
public sealed record PrefixPairs : PairForm
{
    public override PairPredictions Predict(IModel model, SequencePairBatch batch) => PairRows.Predict(Able<ICausalLM>(model), batch, bidirectional: true);
}

/// <summary>An encoder reads the source, a decoder writes the target.</summary>
[Kind("encoder_decoder")]
public sealed record EncoderDecoderPairs : PairForm
{
    public override PairPredictions Predict(IModel model, SequencePairBatch batch)
    {
        var able = Able<ISequenceToSequenceLM>(model);
        var memory_BSD = able.EncodeSource(batch.Source, batch.SourceMask);
        var hidden_BTD = able.Decode(able.Shift(batch.Target), memory_BSD, batch.SourceMask);
        return new(hidden_BTD, batch.Target, able.Head);
    }
}

/// <summary>Pairs as single rows.</summary>
internal static class PairRows
{
    public static PairPredictions Predict(ICausalLM model, SequencePairBatch batch, bool bidirectional)
    {
        var (ids_BT, targets_BT) = Join(batch);

        // padding stands at the end, where no real position sees it
        var inputs = new TokenInputs(ids_BT) { PrefixLengths = bidirectional ? batch.SourceMask.sum(1) : null };
        return new(model.Encode(inputs), targets_BT, model.Head);
    }

    /// <summary>Each source with its target right after it, and what each position predicts; the last token predicts nothing and is left out.</summary>
    public static (Tensor Ids, Tensor Targets) Join(SequencePairBatch batch)
    {
        var order = Order(cat([batch.SourceMask, batch.Target.ne(KeptScalar.Of(TokenBatch.Ignore))], 1));
        var length = order.shape[1];
        var ids = cat([batch.Source, batch.Target.clamp_min(KeptScalar.Zero)], 1).gather(1, order);
        var targets = cat([full_like(batch.Source, KeptScalar.Of(TokenBatch.Ignore)), batch.Target], 1).gather(1, order);
        return (ids.narrow(1, 0, length - 1), targets.narrow(1, 1, length - 1));
    }

    /// <summary>Columns with the real ones first and in their order, at least two, as many as the fullest row has.</summary>
    /// <param name="real"><c>[B, T]</c> bool.</param>
    public static Tensor Order(Tensor real)
    {
        var (columns, behind) = (arange(real.shape[1], device: real.device), arange(real.shape[1], 2 * real.shape[1], device: real.device));
        return where(real, columns, behind).argsort(1).narrow(1, 0, Math.Max(2, real.sum(1).max().item<long>()));
    }
}
