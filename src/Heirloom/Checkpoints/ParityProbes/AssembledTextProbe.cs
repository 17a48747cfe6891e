using Heirloom.Models.Heads;
using Heirloom.Models.Parts;
using static TorchSharp.torch;

namespace Heirloom.Checkpoints.ParityProbes;

/// <summary>What targets of an assembled model tell beside tokens, and the loss and greedy continuation of one that predicts the next token.</summary>
public sealed class AssembledTextProbe : ParityProbe<AssembledText>
{
    private const int Prompt = 5;

    protected override IEnumerable<(string Name, Func<Tensor> Compute)> Of(AssembledText model, ParityInputs inputs)
    {
        var hidden = new Lazy<Tensor>(() => model.Encode(inputs.Tokens));
        if (model.Find<CausalLMTarget>() is not null)
        {
            yield return ("loss", () => NextTokenLoss(model.Head(hidden.Value), inputs.Find("labels") ?? inputs["input_ids"]));
            yield return ("greedy", () => Greedy(model, inputs["input_ids"], inputs.ShapeOf("greedy")[1]));
        }

        if (model.Find<SentencePairTarget>() is { } pairs)
        {
            var relations = new Lazy<Tensor>(() => pairs.Relation(Pooling.First.Apply(model, hidden.Value, inputs.Tokens)));
            yield return ("seq_relationship_logits", () => relations.Value);
            yield return ("sop_logits", () => relations.Value);
            if ((inputs.Find("next_sentence_label") ?? inputs.Find("sentence_order_label")) is { } label)
            {
                yield return ("loss", () => CrossEntropy(model.Head(hidden.Value), inputs["labels"]).add(CrossEntropy(relations.Value, label)));
            }
        }

        if (model.Find<ClassificationTarget>() is { } classes)
        {
            foreach (var output in Classes(() => classes.Classify(classes.Pooling.Apply(model, hidden.Value, inputs.Tokens)), inputs))
            {
                yield return output;
            }
        }
    }

    /// <summary>The most likely continuation of the first five tokens.</summary>
    private static Tensor Greedy(AssembledText model, Tensor ids, long length)
    {
        var text = ids.narrow(1, 0, Prompt);
        while (text.shape[1] < length)
        {
            text = cat([text, model.Head(model.Encode(new(text)).narrow(1, text.shape[1] - 1, 1)).argmax(-1)], 1);
        }

        return text;
    }
}
