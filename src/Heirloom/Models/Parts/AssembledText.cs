using static TorchSharp.torch;

namespace Heirloom.Models.Parts;

/// <summary>An assembled model that reads text.</summary>
public sealed class AssembledText : AssembledModel, ILanguageModel
{
    internal AssembledText(AssembledConfig config) : base(nameof(AssembledText), config, place => place)
    {
        Accept("reads text", t => t is VocabularyTarget or SentencePairTarget or ClassificationTarget);
        if (Targets.OfType<VocabularyTarget>().Skip(1).FirstOrDefault() is { } second)
        {
            throw new UserError($"{second.Kind} would read what {Find<VocabularyTarget>()!.Kind} hides or predicts", "targets", "one target that predicts tokens");
        }

        RegisterComponents();
    }

    public int VocabularySize => _embedding.Find<WordPart>()!.VocabularySize;

    public int ContextLength => Settings.Embedding.ContextLength ?? int.MaxValue;

    public Tensor Encode(TokenInputs inputs) => Encode(new StreamInputs { Tokens = inputs });

    /// <summary>Logits of the target that predicts tokens.</summary>
    /// <exception cref="UserError">No target does.</exception>
    public Tensor Head(Tensor hidden) => (Find<VocabularyTarget>() ?? throw new UserError("no target of the model predicts tokens", "targets", "give it masked_lm, causal_lm or bidirectional_lm")).Head(hidden);
}
