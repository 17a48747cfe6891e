using System.ComponentModel.DataAnnotations;
using Heirloom.Models.Text;
using static TorchSharp.torch;

namespace Heirloom.Models.Heads;

/// <summary>
/// Masked tokens, and how a text's two sentences relate: what BERT (next sentence) and ALBERT (sentence order) pretrain. The encoder has a pooler; without a
/// vocabulary head only the relation is left.
/// </summary>
public sealed record SentencePairLMConfig : HeadConfig, IExample<SentencePairLMConfig>
{
    public static SentencePairLMConfig Example => new() { Encoder = EncoderConfig.Bert(32, 16, 16, 1, 2) with { Pooler = true } };

    /// <summary>Relations.</summary>
    [Range(1, int.MaxValue)]
    public int Classes { get; init; } = 2;

    internal override int Outputs() => Classes;

    /// <exception cref="UserError">The encoder predicts no masked tokens, or has no pooler.</exception>
    public override SentencePairLM Build(Seed seed)
    {
        var model = new SentencePairLM(Backbone.Build<IMaskedLM>(Encoder, seed), this);
        model.Initialize(seed);
        return model;
    }
}

/// <summary>A masked language model that also classifies its first token's pooled vector.</summary>
public sealed class SentencePairLM : HeadModel<IMaskedLM>, ISentencePairLM, IPooledEncoder, IClassifier<TokenInputs>
{
    internal SentencePairLM(IMaskedLM encoder, SentencePairLMConfig config) : base(nameof(SentencePairLM), encoder, encoder.Width, config)
    {
        Pooling.Pooler.Check(encoder, null);
        Classes = config.Classes;
        RegisterComponents();
    }

    public int Width => Encoder.Width;

    public int VocabularySize => Encoder.VocabularySize;

    public int ContextLength => Encoder.ContextLength;

    public int Classes { get; }

    public bool HasPooler => true;

    public Tensor Encode(TokenInputs inputs) => Encoder.Encode(inputs);

    public Tensor Head(Tensor hidden) => Encoder.Head(hidden);

    public Tensor Pool(Tensor first) => ((IPooledEncoder)Encoder).Pool(first);

    /// <returns><c>[B, C]</c> logits of the relations.</returns>
    public Tensor Classify(TokenInputs inputs)
    {
        using var scope = NewDisposeScope();
        return Relation(Encode(inputs), inputs).MoveToOuterDisposeScope();
    }

    /// <summary>The relation of what is encoded already.</summary>
    /// <param name="hidden_BTD"><c>[B, T, D]</c></param>
    /// <param name="inputs">What was encoded.</param>
    /// <returns><c>[B, C]</c></returns>
    public Tensor Relation(Tensor hidden_BTD, TokenInputs inputs)
    {
        using var scope = NewDisposeScope();
        return Score(Pooling.Pooler.Apply(Encoder, hidden_BTD, inputs, null)).MoveToOuterDisposeScope();
    }
}
