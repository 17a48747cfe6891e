using System.Collections.Immutable;
using CsCheck;
using Heirloom.Reuse.MergeMethods;

namespace Heirloom.Tests.Reuse;

/// <summary>Methods against the papers' formulas, written out naively in double precision (<see cref="NaiveMerges"/>), and their invariants.</summary>
public sealed class MergeMethodTests
{
    private static readonly ImmutableArray<long> s_shape = [7, 13];
    private static readonly float[] s_base = Draw(0), s_a = Draw(1), s_b = Draw(2), s_c = Draw(3);

    public static TheoryData<double, double, double> Weights => new() { { 1, 0, 0 }, { 0.5, 0.3, 0.2 }, { 2, -0.5, 1 } };

    [Theory]
    [MemberData(nameof(Weights))]
    public void Linear_is_the_weighted_mean(double a, double b, double c)
    {
        Close(NaiveMerges.Linear([s_a, s_b, s_c], [a, b, c], normalize: true), Run(new Linear(), null, (s_a, W(a)), (s_b, W(b)), (s_c, W(c))));
        Close(NaiveMerges.Linear([s_a, s_b, s_c], [a, b, c], normalize: false), Run(new Linear { Normalize = false }, null, (s_a, W(a)), (s_b, W(b)), (s_c, W(c))));
    }

    [Fact]
    public void Linear_with_all_of_one_is_that_one_to_the_bit()
    {
        var odd = s_a.Select((x, i) => i % 5 == 0 ? -0f : i % 7 == 0 ? float.Epsilon : x).ToArray();
        Assert.Equal(odd.Select(BitConverter.SingleToInt32Bits), Run(new Linear(), null, (odd, W(1)), (s_b, W(0))).Select(BitConverter.SingleToInt32Bits));
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.25)]
    [InlineData(0.5)]
    [InlineData(1.0)]
    public void Slerp_runs_along_the_arc(double t)
    {
        var merged = Run(new Slerp { T = t }, s_base, (s_a, new NoShare()));
        Close(NaiveMerges.Slerp(s_base, s_a, t), merged);
        if (t is 0 or 1)
        {
            Close(t == 0 ? s_base : s_a, merged, 1e-7);
        }

        // where the two are nearly collinear, along the line
        float[] near = [.. s_base.Select(x => x * 1.5f)];
        Close(NaiveMerges.Linear([s_base, near], [1 - t, t], normalize: false), Run(new Slerp { T = t }, s_base, (near, new NoShare())));
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public void NuSlerp_of_wholes_rows_and_columns(bool flatten, bool rowWise)
    {
        var method = new NuSlerp { NuslerpFlatten = flatten, NuslerpRowWise = rowWise };
        Close(NaiveMerges.NuSlerp(null, s_a, s_b, 0.75, 7, 13, flatten, rowWise), Run(method, null, (s_a, W(1)), (s_b, W(3))));
        Close(NaiveMerges.NuSlerp(s_base, s_a, s_b, 0.75, 7, 13, flatten, rowWise), Run(method, s_base, (s_a, W(1)), (s_b, W(3))));
        Close(NaiveMerges.NuSlerp(null, s_a, s_b, 0.5, 7, 13, flatten, rowWise), Run(method, null, (s_a, W(1)), (s_b, W(-1))));
        Close(s_a, Run(method, null, (s_a, W(0.3)), (s_a, W(0.7))));
    }

    [Theory]
    [InlineData(10)]
    [InlineData(200)]
    public void Karcher_is_the_mean_on_the_sphere(int steps)
    {
        var method = new Karcher { MaxIter = steps, Tol = 1e-9 };
        Close(NaiveMerges.Karcher([s_a, s_b, s_c], steps, 1e-9), Run(method, null, (s_a, new NoShare()), (s_b, new NoShare()), (s_c, new NoShare())));
    }

    [Fact]
    public void Karcher_of_two_of_one_length_is_slerp_halfway()
    {
        var norm = (float)(Norm(s_a) / Norm(s_b));
        float[] scaled = [.. s_b.Select(x => x * norm)];
        Close(Run(new Slerp { T = 0.5 }, s_a, (scaled, new NoShare())), Run(new Karcher { MaxIter = 100, Tol = 1e-9 }, null, (s_a, new NoShare()), (scaled, new NoShare())), 1e-5);
        Assert.All(Run(new Karcher(), null, (new float[91], new NoShare()), (new float[91], new NoShare())), x => Assert.Equal(0, x));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Model_stock_goes_as_far_as_the_angle_says(bool rows)
    {
        // fine-tuned models share a direction: their angles are acute, as the derivation assumes
        var (a, b, c) = (Toward(s_a, s_c), Toward(s_b, s_c), Toward(Draw(4), s_c));
        Close(NaiveMerges.ModelStock(s_base, [a, b, c], rows ? 13 : 91), Run(new ModelStock { FilterWise = rows }, s_base, (a, new NoShare()), (b, new NoShare()), (c, new NoShare())));
        Close(s_base, Run(new ModelStock(), s_base, (Plus(s_base, s_a, 1), new NoShare()), (Plus(s_base, s_a, -1), new NoShare())));
        Close(s_a, Run(new ModelStock(), s_base, (s_a, new NoShare()), (s_a, new NoShare())), 1e-5);
    }

    [Theory]
    [InlineData(false, 1.0)]
    [InlineData(true, 0.7)]
    public void Task_arithmetic_adds_what_tuning_added(bool normalize, double lambda)
    {
        var method = new TaskArithmetic { Normalize = normalize, Lambda = lambda };
        Close(NaiveMerges.TaskVectors(s_base, [s_a, s_b], [0.8, -0.3], (v, _) => v, consensus: false, normalize, lambda), Run(method, s_base, (s_a, T(0.8)), (s_b, T(-0.3))));
    }

    [Theory]
    [InlineData(0.2, true, false, 1.0)]
    [InlineData(0.5, false, true, 0.4)]
    [InlineData(1.0, true, false, 1.0)]
    [InlineData(0.0, true, true, 1.0)]
    public void Ties_trims_elects_and_averages(double density, bool normalize, bool rescale, double lambda)
    {
        var method = new Ties { Normalize = normalize, Rescale = rescale, Lambda = lambda };
        var expected = NaiveMerges.TaskVectors(s_base, [s_a, s_b, s_c], [1, 0.5, 0.7], (v, _) => NaiveMerges.Rescale(v, NaiveMerges.Trim(v, density), rescale), consensus: true, normalize, lambda);
        Close(expected, Run(method, s_base, (s_a, T(1, density)), (s_b, T(0.5, density)), (s_c, T(0.7, density))));
    }

    [Fact]
    public void Ties_that_trims_nothing_of_equal_signs_is_task_arithmetic()
    {
        float[] a = [.. s_base.Zip(s_a, (x, y) => x + MathF.Abs(y))], b = [.. s_base.Zip(s_b, (x, y) => x + MathF.Abs(y))];
        Close(Run(new TaskArithmetic(), s_base, (a, T(0.6)), (b, T(0.4))), Run(new Ties { Normalize = false }, s_base, (a, T(0.6)), (b, T(0.4))), 1e-6);
    }

    [Theory]
    [InlineData(0.5, 0.05, true)]
    [InlineData(0.9, 0.01, false)]
    [InlineData(0.9, 0.5, true)]
    [InlineData(1.0, 0.01, false)]
    public void Breadcrumbs_keep_the_middle(double density, double gamma, bool consensus)
    {
        BreadcrumbsMethod method = consensus ? new BreadcrumbsTies() : new Breadcrumbs();
        BreadcrumbsShare Share(double weight) => new() { Weight = weight, Density = density, Gamma = gamma };
        var expected = NaiveMerges.TaskVectors(s_base, [s_a, s_b], [1, 0.5], (v, _) => NaiveMerges.Middle(v, density, gamma), consensus, normalize: false, 1);
        Close(expected, Run(method, s_base, (s_a, Share(1)), (s_b, Share(0.5))));
    }

    [Theory]
    [InlineData("dare_linear")]
    [InlineData("dare_ties")]
    [InlineData("della")]
    [InlineData("della_linear")]
    public void What_is_dropped_at_random_is_made_up_for(string name)
    {
        const int draws = 1000;
        var method = (TaskVectorMethod)Activator.CreateInstance(MergeMethod.All[name])! with { Normalize = false };
        var della = method is DellaMethod;
        MergeShare share = della ? new DellaShare { Weight = 1, Density = 0.6, Epsilon = 0.2 } : T(1, 0.6);
        var (mean, kept) = (new double[91], new double[91]);
        for (var i = 0; i < draws; i++)
        {
            var merged = Run(method, s_base, new Seed(7).For("draw", i), (s_a, share));
            for (var j = 0; j < mean.Length; j++)
            {
                mean[j] += merged[j] / draws;
                kept[j] += merged[j] == s_base[j] ? 0 : 1.0 / draws;
            }
        }

        var probabilities = NaiveMerges.Stays([.. s_a.Zip(s_base, (x, y) => (double)x - y)], 13, 0.6, della ? 0.2 : 0);
        for (var j = 0; j < mean.Length; j++)
        {
            var (p, vector) = (probabilities[j], (double)s_a[j] - s_base[j]);
            var error = Math.Sqrt(p * (1 - p) / draws);
            Assert.InRange(kept[j], p - (5 * error), p + (5 * error));
            Assert.InRange(mean[j], s_base[j] + vector - (5 * error * Math.Abs(vector) / p) - 1e-5, s_base[j] + vector + (5 * error * Math.Abs(vector) / p) + 1e-5);
        }

        Assert.Equal(Run(method, s_base, new Seed(3), (s_a, share)), Run(method, s_base, new Seed(3), (s_a, share)));
        Assert.NotEqual(Run(method, s_base, new Seed(3), (s_a, share)), Run(method, s_base, new Seed(4), (s_a, share)));
    }

    [Fact]
    public void All_of_a_task_vector_is_nothing_dropped()
    {
        var expected = Run(new TaskArithmetic(), s_base, (s_a, T(1)));
        foreach (var name in (string[])["dare_linear", "dare_ties", "della", "della_linear", "breadcrumbs", "breadcrumbs_ties", "ties"])
        {
            var method = (MergeMethod)Activator.CreateInstance(MergeMethod.All[name])!;
            MergeShare share = method.ShareType == typeof(DellaShare) ? new DellaShare { Weight = 1 } : method.ShareType == typeof(BreadcrumbsShare) ? new BreadcrumbsShare { Weight = 1 } : T(1);
            Close(expected, Run(method, s_base, (s_a, share)), 1e-6);
        }
    }

    [Fact]
    public void Selection_by_counting_is_selection_by_sorting() => Gen.Select(Gen.Int[-4, 4].Array[1, 60], Gen.Int[0, 60]).Sample((raw, count) =>
    {
        float[] values = [.. raw.Select(x => x / 4f)];
        var greatest = values.Select((x, i) => (x, i)).OrderByDescending(v => MathF.Abs(v.x)).ThenBy(v => v.i).Take(count).Select(v => v.i).ToHashSet();
        float[] kept = [.. values], dropped = [.. values];
        MagnitudeSelection.Apply(kept, count, keep: true);
        MagnitudeSelection.Apply(dropped, count, keep: false);
        return kept.SequenceEqual(values.Select((x, i) => greatest.Contains(i) ? x : 0)) && dropped.SequenceEqual(values.Select((x, i) => greatest.Contains(i) ? 0 : x));
    });

    [Fact]
    public void Inputs_stay_as_they_are_and_every_method_is_found()
    {
        string[] expected = ["breadcrumbs", "breadcrumbs_ties", "dare_linear", "dare_ties", "della", "della_linear", "karcher", "linear", "model_stock", "nuslerp", "passthrough", "slerp", "task_arithmetic", "ties"];
        Assert.Subset(MergeMethod.All.Keys.ToHashSet(), expected.ToHashSet());
        foreach (var name in expected)
        {
            var method = (MergeMethod)Activator.CreateInstance(MergeMethod.All[name])!;
            MergeShare Share() => method.ShareType == typeof(NoShare) ? new NoShare() : method.ShareType == typeof(ScaleShare) ? new ScaleShare() : method.ShareType == typeof(DellaShare) ? new DellaShare { Weight = 1, Density = 0.5 }
                : method.ShareType == typeof(BreadcrumbsShare) ? new BreadcrumbsShare { Weight = 1, Density = 0.5 } : method.ShareType == typeof(WeightShare) ? W(1) : T(1, 0.5);
            float[] a = [.. s_a], b = [.. s_b], origin = [.. s_base];
            Run(method, method.Needs.Base == MergeBase.None ? null : origin, [(a, Share()), .. method.Needs.Most == 1 ? Array.Empty<(float[], MergeShare)>() : [(b, Share())]]);
            Assert.Equal((s_a, s_b, s_base), (a, b, origin), (x, y) => x.Item1.SequenceEqual(y.Item1) && x.Item2.SequenceEqual(y.Item2) && x.Item3.SequenceEqual(y.Item3));
        }
    }

    private static WeightShare W(double weight) => new() { Weight = weight };

    private static TaskShare T(double weight, double density = 1) => new() { Weight = weight, Density = density };

    private static float[] Draw(int seed)
    {
        var random = new Seed((ulong)seed).Random();
        return [.. Enumerable.Range(0, 91).Select(_ => (float)random.NextGaussian())];
    }

    private static float[] Plus(float[] a, float[] b, float scale) => [.. a.Zip(b, (x, y) => x + (scale * y))];

    private static float[] Toward(float[] own, float[] shared) => [.. s_base.Zip(own, shared).Select(x => x.First + (0.5f * x.Second) + (2 * x.Third))];

    private static double Norm(float[] x) => Math.Sqrt(x.Sum(v => (double)v * v));

    private static float[] Run(MergeMethod method, float[]? origin, params (float[] Values, MergeShare Share)[] models) => Run(method, origin, new Seed(1), models);

    private static float[] Run(MergeMethod method, float[]? origin, Seed seed, params (float[] Values, MergeShare Share)[] models)
    {
        var result = new float[models[0].Values.Length];
        method.Merge(new() { Name = "w", Shape = s_shape, Models = [.. models.Select(m => new MergeVersion(m.Values, m.Share))], Base = origin, Seed = seed }, result);
        return result;
    }

    private static void Close(IEnumerable<double> expected, float[] actual, double tolerance = 3e-6) => Assert.All(expected.Zip(actual), p => Assert.InRange(p.Second - p.First, -tolerance * (1 + Math.Abs(p.First)), tolerance * (1 + Math.Abs(p.First))));

    private static void Close(float[] expected, float[] actual, double tolerance = 3e-6) => Close(expected.Select(x => (double)x), actual, tolerance);
}
