using Heirloom.Data;
using Heirloom.Layers;
using Heirloom.Models.Speech;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Heirloom.Objectives.Speech;

/// <summary>Tells the code of a hidden frame from those of other hidden frames of the recording, and keeps the whole codebook in use.</summary>
/// <remarks>Baevski et al. 2020, §3.2, equations 2 to 4; the loss is a mean over hidden frames here, where the paper sums.</remarks>
public static class SpeechContrast
{
    private static readonly Scalar s_smallest = 1e-20, s_largest = 1 - 1e-7;

    /// <param name="temperature">Of the choice of codes; τ, which the paper lowers from 2 to 0.5 in the course of training.</param>
    public static Objective<SpeechPretrainer, AudioBatch> Objective(double temperature = 2) => (model, batch, seed) =>
    {
        var inputs = SpanMasking.Hide(new(batch.Samples) { Mask = batch.Mask }, model.Encoder, seed.For("masking"));
        var hidden = inputs.HiddenFrames ?? throw new UserError("the model hides no frames", "masking.frames", "set a share above 0");
        var negatives = Negatives(hidden, model.Settings.Negatives, seed.For("negatives"));
        var noise = model.training ? Gumbel([.. hidden.shape, model.Settings.Groups, model.Settings.Codes], seed.For("noise"), hidden.device) : null;
        return Loss(model, inputs, negatives, noise, temperature);
    };

    /// <param name="model">Compares.</param>
    /// <param name="inputs">Recordings with the frames that are hidden.</param>
    /// <param name="negatives"><c>[B, T, K]</c> int64: frames with which each is compared, as indices into all frames of the batch.</param>
    /// <param name="noise">See <see cref="SpeechPretrainer.Compare"/>.</param>
    /// <param name="temperature">Of the choice of codes; τ.</param>
    /// <returns>Parts: <c>contrast</c>, <c>diversity</c>, <c>perplexity</c> and <c>accuracy</c>.</returns>
    public static Loss Loss(SpeechPretrainer model, AudioInputs inputs, Tensor negatives, Tensor? noise = null, double temperature = 2)
    {
        var settings = model.Settings;
        var hidden = inputs.HiddenFrames ?? throw new ArgumentException("no frames are hidden", nameof(inputs));
        var (contexts, codes) = model.Compare(inputs, noise, temperature);
        var similar = model.Similarities(contexts, codes.Vectors, hidden, negatives);
        var count = similar.shape[0];
        // the mean, and 0 where nothing is hidden
        var counted = tensor(Math.Max(count, 1), dtype: ScalarType.Float32, device: hidden.device);
        var contrast = F.cross_entropy(similar, zeros(count, dtype: ScalarType.Int64, device: hidden.device), reduction: nn.Reduction.Sum).div(counted);
        var diversity = model.Unused(codes);
        var right = similar.detach().argmax(1).eq(KeptScalar.Zero).to(ScalarType.Float32).sum().div(counted);
        return new(contrast.add(diversity, KeptScalar.Of(settings.DiversityWeight)), ("contrast", contrast.detach()), ("diversity", diversity.detach()), ("perplexity", codes.Perplexity.detach()), ("accuracy", right))
        {
            Terms = hidden.sum(),
        };
    }

    /// <summary>For each hidden frame, so many other hidden frames of its recording, drawn evenly with repetitions; itself where it is the only one.</summary>
    private static Tensor Negatives(Tensor hidden, int count, Seed seed)
    {
        var (rows, length) = (hidden.shape[0], hidden.shape[1]);
        var flags = hidden.cpu().data<bool>().ToArray();
        var indices = new long[rows * length * count];
        for (var row = 0L; row < rows; row++)
        {
            var rng = seed.For("row", row).Random();
            var places = Enumerable.Range(0, (int)length).Where(i => flags[(row * length) + i]).ToArray();
            for (var i = 0; i < places.Length; i++)
            {
                for (var k = 0; k < count; k++)
                {
                    var other = places.Length == 1 ? 0 : rng.Next(places.Length - 1);
                    indices[(((row * length) + places[i]) * count) + k] = (row * length) + places[other >= i && places.Length > 1 ? other + 1 : other];
                }
            }
        }

        return tensor(indices, [rows, length, count], device: hidden.device);
    }

    private static Tensor Gumbel(long[] shape, Seed seed, Device device)
    {
        using var scope = NewDisposeScope();
        using var generator = seed.Generator();
        // the smallest float above 0, or a draw of 0 would be infinite
        var uniform = rand(shape, generator: generator).clamp(min: s_smallest, max: s_largest);
        return uniform.log().neg().log().neg().to(device).MoveToOuterDisposeScope();
    }
}
