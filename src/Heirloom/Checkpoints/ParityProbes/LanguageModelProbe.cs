using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Checkpoints.ParityProbes;

/// <summary>Logits and loss; greedy continuation, through the cache, where the model predicts the next token.</summary>
public sealed class LanguageModelProbe : ParityProbe<ILanguageModel>
{
    private const int Prompt = 5;

    protected override IEnumerable<(string Name, Func<Tensor> Compute)> Of(ILanguageModel model, ParityInputs inputs)
    {
        var logits = new Lazy<Tensor>(() => model.Head(model.Encode(inputs.Tokens)));
        // what models with a further head beside the vocabulary's call the same; "logits" and "loss" are then that head's
        yield return ("prediction_logits", () => logits.Value);
        if (model is IClassifier<TokenInputs>)
        {
            yield break;
        }

        yield return ("logits", () => logits.Value);
        if (model is ICausalLM causal)
        {
            yield return ("loss", () => NextTokenLoss(logits.Value, inputs.Find("labels") ?? inputs["input_ids"]));
            yield return ("greedy", () => Greedy(causal, inputs["input_ids"], inputs.ShapeOf("greedy")[1]));
        }
        else
        {
            yield return ("loss", () => CrossEntropy(logits.Value, inputs["labels"]));
        }
    }

    /// <summary>The most likely continuation of the first five tokens.</summary>
    private static Tensor Greedy(ICausalLM model, Tensor ids, long length)
    {
        var text = ids.narrow(1, 0, Prompt);
        using var cache = model.NewCache((int)ids.shape[0], (int)length);
        var next = text;
        while (text.shape[1] < length)
        {
            var hidden = model.Encode(next, cache);
            next = model.Head(hidden.narrow(1, hidden.shape[1] - 1, 1)).argmax(-1);
            text = cat([text, next], 1);
        }

        return text;
    }
}
