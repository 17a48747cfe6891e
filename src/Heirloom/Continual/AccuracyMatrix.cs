using static TorchSharp.torch;

namespace Heirloom.Continual;

/// <summary>Accuracies over a stream: after which task, on which task's test images, all seen classes being possible answers.</summary>
/// <param name="After">Row t has the accuracies on tasks 0 … t once task t is learned, 0 … 1.</param>
/// <param name="Sizes">Test images of each task.</param>
public sealed record AccuracyMatrix(IReadOnlyList<IReadOnlyList<double>> After, IReadOnlyList<long> Sizes)
{
    /// <summary>Over all classes seen after each task: A₁, A₂, … .</summary>
    public IReadOnlyList<double> BySession => [.. After.Select(row => row.Select((a, j) => a * Sizes[j]).Sum() / Sizes.Take(row.Count).Sum())];

    /// <summary>Average incremental accuracy, the mean of <see cref="BySession"/> (Rebuffi et al. 2017).</summary>
    public double Average => BySession.Average();

    /// <summary>Over all classes at the end.</summary>
    public double Last => BySession[^1];

    /// <summary>Mean over tasks of the accuracy on a task right after it was learned, among all classes seen by then.</summary>
    public double Learning => Enumerable.Range(0, After.Count).Average(j => After[j][j]);

    /// <summary>Mean over all tasks but the last of the best accuracy a task ever had minus its last (Chaudhry et al. 2018); 0 with one task.</summary>
    public double Forgetting => After.Count < 2 ? 0 :
        Enumerable.Range(0, After.Count - 1).Average(j => After.SkipLast(1).Skip(j).Max(row => row[j]) - After[^1][j]);

    /// <summary>Takes a learner through a stream and tests it after each task.</summary>
    public static AccuracyMatrix Of(IClassIncrementalLearner learner, ClassStream stream)
    {
        var after = new List<IReadOnlyList<double>>();
        foreach (var task in stream.Tasks)
        {
            learner.Learn(task);
            after.Add([.. stream.Tasks.Take(task.Index + 1).Select(t => Accuracy(learner, t))]);
        }

        return new(after, [.. stream.Tasks.Select(t => t.Test.Count)]);
    }

    private static double Accuracy(IClassIncrementalLearner learner, ClassTask task)
    {
        using var scope = NewDisposeScope();
        return learner.Predict(task.Test.Images).eq(task.Test.Labels).to(ScalarType.Float64).mean().item<double>();
    }
}
