using Heirloom.Models.Heads;
using static TorchSharp.torch;

namespace Heirloom.Checkpoints.ParityProbes;

/// <summary>First and last tokens of answers; the loss is the mean of both.</summary>
public sealed class SpanExtractorProbe : ParityProbe<SpanExtractor>
{
    protected override IEnumerable<(string Name, Func<Tensor> Compute)> Of(SpanExtractor model, ParityInputs inputs)
    {
        var logits = new Lazy<Tensor>(() => model.Spans(inputs.Tokens));
        yield return ("start_logits", () => logits.Value.select(-1, 0));
        yield return ("end_logits", () => logits.Value.select(-1, 1));
        yield return ("loss", () => CrossEntropy(logits.Value.select(-1, 0), inputs["start_positions"])
            .add(CrossEntropy(logits.Value.select(-1, 1), inputs["end_positions"])).div(2));
    }
}
