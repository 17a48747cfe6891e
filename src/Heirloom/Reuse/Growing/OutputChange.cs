using Heirloom.Models;
using Heirloom.Models.Heads;
using Heirloom.Models.Text;
using Heirloom.Models.Vision;
using static TorchSharp.torch;

namespace Heirloom.Reuse.Growing;

/// <summary>How far a grown model's outputs are from those of the model that it was grown from: logits where it has any, hidden vectors where not.</summary>
/// <param name="Largest">The largest absolute difference.</param>
/// <param name="Scale">The largest absolute output of the small model, to which rounding is proportional.</param>
public sealed record OutputChange(double Largest, double Scale)
{
    /// <summary>What float32 rounds off on the way through a deep network, as a share of the outputs (or absolutely, where these are below 1).</summary>
    public const double Rounding = 1e-5;

    /// <summary>Whether the models compute the same to rounding.</summary>
    public bool IsPreserved => Largest <= Rounding * Math.Max(1, Scale);

    /// <summary>The larger of two changes.</summary>
    public OutputChange And(OutputChange other) => new(Math.Max(Largest, other.Largest), Math.Max(Scale, other.Scale));

    /// <summary>On uniformly drawn tokens, or normal images.</summary>
    /// <param name="before">The small model; in evaluation mode for the while, as is the other.</param>
    /// <param name="after">The grown one.</param>
    /// <param name="seed">Of the inputs.</param>
    /// <param name="rows">Inputs.</param>
    /// <param name="length">Tokens of each, at most.</param>
    public static OutputChange OnRandom(IModel before, IModel after, Seed seed, int rows = 4, int length = 64)
    {
        using var scope = NewDisposeScope();
        using var generator = seed.Generator();
        var weight = before.Module.parameters().First();
        if (Inner(before.Config) is VisionTransformerConfig vision)
        {
            var images = randn([rows, vision.Channels, vision.ImageSize, vision.ImageSize], generator: generator).to(weight.dtype).to(weight.device);
            return Between(before, after, model => model switch
            {
                IClassifier<Tensor> { Classes: > 0 } classifier => classifier.Classify(images),
                IImageEncoder encoder => encoder.Encode(images),
                HeadModel<IImageEncoder> head => head.Encoder.Encode(images),
                _ => throw new ArgumentException("reads no images", nameof(before)),
            });
        }

        var (tokens, context) = Inner(before.Config) is DecoderConfig decoder ? (decoder.VocabularySize, decoder.ContextLength)
            : Inner(before.Config) is EncoderConfig encoder ? (encoder.VocabularySize, encoder.ContextLength)
            : throw new ArgumentException("is no model that grows", nameof(before));
        return On(before, after, new(randint(tokens, [rows, Math.Min(length, context)], dtype: ScalarType.Int64, generator: generator).to(weight.device)));
    }

    /// <summary>On given tokens.</summary>
    /// <inheritdoc cref="OnRandom"/>
    public static OutputChange On(IModel before, IModel after, TokenInputs inputs) => Between(before, after, model => Of(model, inputs));

    private static Tensor Of(IModel model, TokenInputs inputs) => model switch
    {
        IClassifier<TokenInputs> classifier => classifier.Classify(inputs),
        ILanguageModel language when model.Config is not (DecoderConfig { Head: false } or EncoderConfig { Head: false }) => language.Head(language.Encode(inputs)),
        ITokenEncoder encoder => encoder.Encode(inputs),
        HeadModel<ITokenEncoder> head => Of(head.Encoder, inputs),
        _ => throw new ArgumentException("reads no tokens", nameof(model)),
    };

    /// <remarks>Axes grow behind what they hold, so that the first entries of a longer output are to be compared.</remarks>
    private static OutputChange Between(IModel before, IModel after, Func<IModel, Tensor> outputs)
    {
        using var quiet = no_grad();
        using var scope = NewDisposeScope();
        var (old, grown) = (Evaluated(before), Evaluated(after));
        return new(grown.narrow(-1, 0, old.shape[^1]).sub(old).abs().max().item<double>(), old.abs().max().item<double>());

        Tensor Evaluated(IModel model)
        {
            var training = model.Module.training;
            model.Module.eval();
            try
            {
                return outputs(model).to(float64).to(CPU);
            }
            finally
            {
                model.Module.train(training);
            }
        }
    }

    private static ModelConfig Inner(ModelConfig config) => config is HeadConfig head ? Inner(head.Encoder) : config;
}
