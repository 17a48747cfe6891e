using System.Collections.Immutable;
using System.Numerics.Tensors;
using Heirloom.Checkpoints;
using Heirloom.Reuse.MergeMethods;

namespace Heirloom.Reuse.Merging;

/// <summary>How one tensor of two models differs.</summary>
/// <param name="Name">Its name in the first.</param>
/// <param name="NormA">Euclidean length in the first.</param>
/// <param name="NormB">In the second.</param>
/// <param name="Distance">Length of the difference.</param>
/// <param name="Cosine">Of the angle between the two; with a base, between what was added to it.</param>
/// <param name="TaskNormA">Length of what was added to the base in the first; null without a base.</param>
/// <param name="TaskNormB">In the second.</param>
public sealed record TensorDiff(string Name, double NormA, double NormB, double Distance, double Cosine, double? TaskNormA = null, double? TaskNormB = null)
{
    /// <summary>The distance as a part of the first's length.</summary>
    public double Relative => NormA > 0 ? Distance / NormA : Distance == 0 ? 0 : double.PositiveInfinity;
}

/// <summary>How two models differ, tensor by tensor; nothing but the tensors of one name is in memory at a time.</summary>
/// <param name="Tensors">Floating-point tensors that both have, in one shape.</param>
/// <param name="Whole">All of them as one vector.</param>
/// <param name="OnlyA">Names that only the first has.</param>
/// <param name="OnlyB">Names that only the second has.</param>
/// <param name="OtherShapes">Names of other shapes, with both.</param>
public sealed record ModelDiff(ImmutableArray<TensorDiff> Tensors, TensorDiff Whole, ImmutableArray<string> OnlyA, ImmutableArray<string> OnlyB, ImmutableArray<string> OtherShapes)
{
    /// <summary>Compares two folders.</summary>
    /// <param name="a">The first.</param>
    /// <param name="b">The second.</param>
    /// <param name="origin">The model that both were made from: angles are between what they added to it.</param>
    /// <param name="work">Progress and stop.</param>
    /// <exception cref="UserError">A folder is none, or no tensor is in both.</exception>
    public static ModelDiff Of(string a, string b, string? origin, WorkContext work)
    {
        using var first = new MergeModel(a, a);
        using var second = new MergeModel(b, b);
        using var start = origin is null ? null : new MergeModel(origin, origin);
        var (ours, theirs) = (Floats(first), Floats(second));
        var common = ours.Keys.Intersect(theirs.Keys).Order(StringComparer.Ordinal).ToList();
        var others = common.Where(n => !ours[n].Shape.SequenceEqual(theirs[n].Shape)).ToList();
        var compared = common.Except(others).Where(n => start is null || (Floats(start).TryGetValue(n, out var of) && of.Shape.SequenceEqual(ours[n].Shape))).ToList();
        if (compared.Count == 0)
        {
            throw new UserError($"has no tensor in common with {b}{(origin is null ? "" : $" and {origin}")}", a, "compare models of one architecture");
        }

        using var progress = work.Progress.Begin("comparing", compared.Count, "tensor");
        var parts = new List<(string Name, Sums Sums)>();
        foreach (var name in compared)
        {
            work.Stop.ThrowIfCancellationRequested();
            parts.Add((name, Sums.Of(name, first, second, start)));
            progress.Report(parts.Count, name);
        }

        return new(
            [.. parts.Select(p => p.Sums.ToDiff(p.Name, start is not null))], parts.Select(p => p.Sums).Aggregate((x, y) => x + y).ToDiff("all", start is not null),
            [.. ours.Keys.Except(theirs.Keys).Order(StringComparer.Ordinal)], [.. theirs.Keys.Except(ours.Keys).Order(StringComparer.Ordinal)],
            [.. others.Select(n => $"{n}: {ours[n].ShapeText} and {theirs[n].ShapeText}")]);
    }

    private static Dictionary<string, TensorEntry> Floats(MergeModel model) => model.Weights.Entries.Where(e => TensorTypes.IsFloat(e.Value.Type)).ToDictionary(e => e.Key, e => e.Value);

    /// <summary>Squared lengths and inner products, which add up over tensors.</summary>
    private readonly record struct Sums(double A, double B, double Between, double Product, double TaskA, double TaskB)
    {
        public static Sums operator +(Sums x, Sums y) => new(x.A + y.A, x.B + y.B, x.Between + y.Between, x.Product + y.Product, x.TaskA + y.TaskA, x.TaskB + y.TaskB);

        public static Sums Of(string name, MergeModel first, MergeModel second, MergeModel? start)
        {
            var length = checked((int)first.Weights.Entries[name].Count);
            using IDisposable ownA = Read(first, out var a), ownB = Read(second, out var b);
            var (normA, normB) = (MergeMath.Dot(a.GetSpan(), a.GetSpan()), MergeMath.Dot(b.GetSpan(), b.GetSpan()));
            if (start is null)
            {
                var product = MergeMath.Dot(a.GetSpan(), b.GetSpan());
                TensorPrimitives.Subtract(b.GetSpan(), a.GetSpan(), b.GetSpan());
                return new(normA, normB, MergeMath.Dot(b.GetSpan(), b.GetSpan()), product, normA, normB);
            }

            using IDisposable ownOrigin = Read(start, out var origin);
            TensorPrimitives.Subtract(a.GetSpan(), origin.GetSpan(), a.GetSpan());
            TensorPrimitives.Subtract(b.GetSpan(), origin.GetSpan(), b.GetSpan());
            var (taskA, taskB, tasks) = (MergeMath.Dot(a.GetSpan(), a.GetSpan()), MergeMath.Dot(b.GetSpan(), b.GetSpan()), MergeMath.Dot(a.GetSpan(), b.GetSpan()));
            TensorPrimitives.Subtract(b.GetSpan(), a.GetSpan(), b.GetSpan());
            return new(normA, normB, MergeMath.Dot(b.GetSpan(), b.GetSpan()), tasks, taskA, taskB);

            IDisposable Read(MergeModel model, out NativeFloats values)
            {
                values = new(length);
                model.Read(name, values.GetSpan());
                return values;
            }
        }

        public TensorDiff ToDiff(string name, bool tasks)
        {
            var norms = Math.Sqrt(TaskA * TaskB);
            return new(name, Math.Sqrt(A), Math.Sqrt(B), Math.Sqrt(Between), norms > 0 ? Product / norms : double.NaN, tasks ? Math.Sqrt(TaskA) : null, tasks ? Math.Sqrt(TaskB) : null);
        }
    }
}
