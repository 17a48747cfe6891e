using Heirloom.Checkpoints.Zoo;
using Heirloom.Data;
using Heirloom.Models;
using Heirloom.Models.Parts;
using Heirloom.Models.Speech;
using Heirloom.Models.VisionLanguage;
using static TorchSharp.torch;

namespace Heirloom.Evaluation.Testbeds;

/// <summary>An assembly against the model of its published family with the same weights: the largest absolute difference of what they give for the same inputs.</summary>
public static class FamilyDifference
{
    /// <summary>Of logits over a vocabulary; a model that writes is given the row as source and as target.</summary>
    public static double Of(AssembledModel model, TokenBatch batch) => Compare(model, other => other switch
    {
        ISequenceToSequenceLM writing => writing.Head(writing.Decode(batch.Ids, writing.EncodeSource(batch.Ids, batch.Mask), batch.Mask)),
        ILanguageModel reading => reading.Head(reading.Encode(new(batch.Ids) { Mask = batch.Mask, TokenTypes = batch.TokenTypes })),
        _ => throw new ArgumentException($"a {other.GetType().Name} reads no text", nameof(model)),
    });

    /// <summary>Of logits of classes.</summary>
    public static double Of(AssembledModel model, ImageBatch batch) => Compare(model, other => ((IClassifier<Tensor>)other).Classify(batch.Images));

    /// <summary>Of logits of symbols.</summary>
    public static double Of(AssembledModel model, LabeledAudioBatch batch) => Compare(model, other => ((ITranscriber)other).Transcribe(new(batch.Samples) { Mask = batch.Mask }));

    /// <summary>Of cosines of texts and images, scaled.</summary>
    public static double Of(AssembledModel model, ImageTextBatch batch) => Compare(model, other =>
    {
        var pair = (IImageTextModel)other;
        return pair.Logits(pair.EmbedTexts(new(batch.Ids) { Mask = batch.Mask }), pair.EmbedImages(batch.Images));
    });

    private static double Compare(AssembledModel model, Func<IModel, Tensor> output)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var family = ModelZoo.ToFamily(model);
        using var module = family.Module;
        var training = model.training;
        model.eval();
        module.eval();
        var difference = output(model).sub(output(family)).abs().max().item<float>();
        model.train(training);
        return difference;
    }
}
