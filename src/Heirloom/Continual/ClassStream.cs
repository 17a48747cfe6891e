using System.ComponentModel.DataAnnotations;
using Heirloom.Data;

namespace Heirloom.Continual;

/// <summary>How classes arrive: "B<c>m</c>, Inc <c>n</c>" in the literature's words.</summary>
public sealed record ClassStreamConfig
{
    /// <summary>Classes of the first task, m; 0 for as many as the others have.</summary>
    [Range(0, 1_000_000)]
    public int First { get; init; }

    /// <summary>New classes of each further task, n; the last may have fewer.</summary>
    [Range(1, 1_000_000)]
    public int Increment { get; init; } = 2;
}

/// <summary>Some new classes. Labels count over the whole stream in order of arrival.</summary>
/// <param name="Index">0, 1, …</param>
/// <param name="FirstClass">The smallest label of the task.</param>
/// <param name="Classes">How many it has, with consecutive labels.</param>
/// <param name="Train">What may be learned from, while this task lasts.</param>
/// <param name="Test">Held out.</param>
public sealed record ClassTask(int Index, int FirstClass, int Classes, LabeledImages Train, LabeledImages Test)
{
    /// <summary>Classes seen once the task is learned.</summary>
    public int Seen => FirstClass + Classes;
}

/// <summary>A class-incremental stream: disjoint groups of classes one after another, earlier data gone.</summary>
/// <remarks>Rebuffi et al. 2017; the protocol with a seeded class order of Zhou et al. 2023. Owns copies of the images; dispose it.</remarks>
public sealed class ClassStream : IDisposable
{
    private ClassStream(IReadOnlyList<ClassTask> tasks) => Tasks = tasks;

    public IReadOnlyList<ClassTask> Tasks { get; }

    /// <param name="train">Images to learn from.</param>
    /// <param name="test">Held-out images of the same classes.</param>
    /// <param name="config">Group sizes.</param>
    /// <param name="seed">The order of classes.</param>
    /// <exception cref="UserError">More classes in the first task than there are.</exception>
    public static ClassStream Of(LabeledImages train, LabeledImages test, ClassStreamConfig config, Seed seed)
    {
        var order = Enumerable.Range(0, train.Classes.Count).ToArray();
        seed.For("classes").Random().Shuffle<int>(order);
        var first = config.First == 0 ? config.Increment : config.First;
        if (first > order.Length)
        {
            throw new UserError($"the first task wants {first} classes and there are {order.Length}", mend: "lower first or increment");
        }

        var tasks = new List<ClassTask>();
        for (var start = 0; start < order.Length;)
        {
            var classes = order[start..Math.Min(order.Length, start + (start == 0 ? first : config.Increment))];
            tasks.Add(new(tasks.Count, start, classes.Length, From(train, classes, start), From(test, classes, start)));
            start += classes.Length;
        }

        return new(tasks);
    }

    /// <summary>The same classes in the same order, with part of each task's training images in place of the test: for choosing settings without seeing the test.</summary>
    /// <param name="share">Share of the training images to hold out, inside (0, 1).</param>
    /// <param name="seed">Which.</param>
    public ClassStream Validation(double share, Seed seed)
    {
        return new([.. Tasks.Select(task =>
        {
            var per = (int)task.Train.Count; // an upper bound of a class's images: parts are then in proportion
            var held = (int)Math.Round(per * share);
            var (train, test) = task.Train.Divide(per - held, held, seed.For("task", task.Index));
            return task with { Train = train, Test = test };
        })]);
    }

    public void Dispose()
    {
        foreach (var task in Tasks)
        {
            task.Train.Dispose();
            task.Test.Dispose();
        }
    }

    private static LabeledImages From(LabeledImages images, int[] classes, int start)
    {
        var chosen = images.OfClasses(classes);
        chosen.Labels.add_(start);
        return chosen;
    }
}
