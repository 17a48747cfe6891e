using Heirloom.Data;
using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Evaluation.Metrics;

/// <summary>Predicted and true labels of a test set, in its order.</summary>
/// <param name="Predicted">One class an example.</param>
/// <param name="Labels">The true class of each.</param>
/// <param name="Classes">Number of classes.</param>
public sealed record Classifications(IReadOnlyList<int> Predicted, IReadOnlyList<int> Labels, int Classes)
{
    /// <summary>1 where right, 0 where wrong: the examples of a bootstrap.</summary>
    public double[] Correct => [.. Predicted.Zip(Labels, (p, l) => p == l ? 1.0 : 0.0)];

    public double Accuracy => Correct.Average();

    /// <summary>F1 averaged over the classes that occur, each counting the same.</summary>
    public double MacroF1 => Enumerable.Range(0, Classes).Where(c => Labels.Contains(c)).Average(F1);

    /// <summary>Mean recall over the classes that occur.</summary>
    public double BalancedAccuracy => Enumerable.Range(0, Classes).Where(c => Labels.Contains(c))
        .Average(c => (double)Count((p, l) => p == c && l == c) / Count((_, l) => l == c));

    /// <summary>2PR / (P + R) of one class; zero when it is never predicted rightly.</summary>
    public double F1(int label)
    {
        var hits = Count((p, l) => p == label && l == label);
        return hits == 0 ? 0 : 2.0 * hits / (Count((p, _) => p == label) + Count((_, l) => l == label));
    }

    /// <summary>Classifies texts.</summary>
    public static Classifications Of(IClassifier<TokenInputs> model, IBatches<LabeledTokenBatch> batches, WorkContext work) =>
        Of(model, batches, b => model.Classify(new(b.Ids) { Mask = b.Mask }), b => b.Labels, work);

    /// <summary>Classifies images.</summary>
    public static Classifications Of(IClassifier<Tensor> model, IBatches<ImageBatch> batches, WorkContext work) =>
        Of(model, batches, b => model.Classify(b.Images), b => b.Labels, work);

    private static Classifications Of<TInputs, TBatch>(
        IClassifier<TInputs> model, IBatches<TBatch> batches, Func<TBatch, Tensor> classify, Func<TBatch, Tensor> labels, WorkContext work)
        where TBatch : IBatch<TBatch>
    {
        var (predicted, truth) = (new List<int>(), new List<int>());
        HeldOutPass.Each([model], batches, work, (batch, _) =>
        {
            predicted.AddRange(classify(batch).argmax(-1).cpu().data<long>().ToArray().Select(i => (int)i));
            truth.AddRange(labels(batch).cpu().data<long>().ToArray().Select(i => (int)i));
        });
        return new(predicted, truth, model.Classes);
    }

    private int Count(Func<int, int, bool> which) => Predicted.Zip(Labels, which).Count(hit => hit);
}
