using CsCheck;
using Heirloom.Generation;
using static TorchSharp.torch;

namespace Heirloom.Tests.Generation;

public class HeaviestTests
{
    // few different values, so that many are equal
    private static readonly Gen<float[]> _values = Gen.Int[0, 9].Select(i => i / 8f).Array[1, 60];

    [Fact]
    public void TheFirstKAreThoseOfASortedList() => Gen.Select(_values, Gen.Int[1, 60]).Sample((values, k) =>
    {
        k = Math.Min(k, values.Length);
        int[] ids = [.. Enumerable.Range(0, values.Length)];
        Heaviest.Count(ids, values, k);
        Assert.Equal(Sorted(values).Take(k).Order(), ids.Take(k).Order());
    });

    [Fact]
    public void TheFewestThatAreEnoughAreThoseOfASortedList() => Gen.Select(_values, Gen.Double[0, 1.1]).Sample((values, share) =>
    {
        var enough = share * values.Sum(v => (double)v);
        int[] ids = [.. Enumerable.Range(0, values.Length)];
        var count = Heaviest.Mass(ids, values, enough);
        var sorted = Sorted(values).ToArray();
        double sum = 0;
        var expected = Math.Max(1, sorted.TakeWhile(id => sum < enough && (sum += values[id]) >= 0).Count());
        Assert.Equal(expected, count);
        Assert.Equal(sorted.Take(count).Order(), ids.Take(count).Order());
    });

    [Fact]
    public void LogitsAreReadAsTheTensorLibraryReadsThem() => Gen.Float[-30, 30].Array[1, 70].Sample(values =>
    {
        using var scope = NewDisposeScope();
        var logits = tensor(values);
        Assert.Equal(Array.IndexOf(values, values.Max()), LogitRows.Likeliest(values));
        Assert.Equal(logits.to(ScalarType.Float64).logsumexp(0).item<double>(), LogitRows.LogTotal(values), 1e-5);
    });

    [Fact]
    public void WhatIsNoNumberIsNotHidden()
    {
        float[] values = [.. Enumerable.Repeat(1f, 19)];
        values[17] = float.NaN;
        Assert.Equal(17, LogitRows.Likeliest(values));
        Assert.Equal(3, LogitRows.Likeliest([float.NegativeInfinity, float.NegativeInfinity, -1, 5]));
        Assert.Equal(double.NegativeInfinity, LogitRows.LogTotal([float.NegativeInfinity, float.NegativeInfinity]));
    }

    private static IEnumerable<int> Sorted(float[] values) => Enumerable.Range(0, values.Length).OrderByDescending(i => values[i]).ThenBy(i => i);
}
