using Heirloom.Models.Heads;
using static TorchSharp.torch;

namespace Heirloom.Checkpoints.ParityProbes;

/// <summary>Relations of sentences, alone or beside masked tokens, whose losses are then added up.</summary>
public sealed class SentencePairProbe : ParityProbe<SentencePairLM>
{
    protected override IEnumerable<(string Name, Func<Tensor> Compute)> Of(SentencePairLM model, ParityInputs inputs)
    {
        var hidden = new Lazy<Tensor>(() => model.Encode(inputs.Tokens));
        var relations = new Lazy<Tensor>(() => model.Relation(hidden.Value, inputs.Tokens));
        yield return ("seq_relationship_logits", () => relations.Value);
        yield return ("sop_logits", () => relations.Value);
        if ((inputs.Find("next_sentence_label") ?? inputs.Find("sentence_order_label")) is { } label)
        {
            yield return ("loss", () => CrossEntropy(model.Head(hidden.Value), inputs["labels"]).add(CrossEntropy(relations.Value, label)));
        }
    }
}
