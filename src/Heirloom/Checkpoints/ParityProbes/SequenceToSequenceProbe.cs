using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Checkpoints.ParityProbes;

/// <summary>Encoder states, decoder logits and loss, and the greedy target.</summary>
public sealed class SequenceToSequenceProbe : ParityProbe<ISequenceToSequenceLM>
{
    protected override IEnumerable<(string Name, Func<Tensor> Compute)> Of(ISequenceToSequenceLM model, ParityInputs inputs)
    {
        var memory = new Lazy<Tensor>(() => model.EncodeSource(inputs["input_ids"], inputs.Mask));
        var hidden = new Lazy<Tensor>(() => model.Decode(inputs.Find("decoder_input_ids") ?? model.Shift(inputs["labels"]), memory.Value, inputs.Mask));
        var logits = new Lazy<Tensor>(() => model.Head(hidden.Value));
        yield return ("encoder", () => memory.Value);
        yield return ("last_hidden_state", () => hidden.Value);
        yield return ("logits", () => logits.Value);
        yield return ("loss", () => CrossEntropy(logits.Value, inputs["labels"]));
        yield return ("greedy", () => Greedy(model, memory.Value, inputs.Mask, inputs.ShapeOf("greedy")[1]));
    }

    /// <summary>The most likely target, through the cache.</summary>
    private static Tensor Greedy(ISequenceToSequenceLM model, Tensor memory, Tensor? mask, long length)
    {
        var next = full([memory.shape[0], 1], model.DecoderStart, dtype: ScalarType.Int64, device: memory.device);
        var target = next;
        using var cache = model.NewCache(memory, mask, (int)length);
        while (target.shape[1] < length)
        {
            next = model.Head(model.Decode(next, cache)).argmax(-1);
            target = cat([target, next], 1);
        }

        return target;
    }
}
