namespace Heirloom.Reuse.MergeMethods;

/// <summary>
/// Between the base and the mean of the models, as far as the angle between their task vectors says: t = k cos θ ÷ (1 + (k − 1) cos θ), where cos θ is the mean
/// over pairs.
/// </summary>
/// <remarks>Jang, Yun and Han 2024, "Model Stock", equation 2. Beyond a right angle, which their derivation excludes, the base stays.</remarks>
public sealed record ModelStock : MergeMethod
{
    public override MergeNeeds Needs { get; } = new(2, int.MaxValue, MergeBase.Required);

    /// <summary>Whether every row has its own angle.</summary>
    public bool FilterWise { get; init; }

    public override void Merge(MergeInput input, Span<float> result)
    {
        var length = Math.Max(FilterWise && input.Shape.Length > 1 ? (int)input.Shape[^1] : input.Length, 1);
        var k = input.Models.Count;
        for (var from = 0; from < input.Length; from += length)
        {
            var gram = MergeMath.Gram(input, from, length);
            var cosine = Math.Clamp(Pairs(k).Average(p => Math.Sqrt(gram[p.I, p.I] * gram[p.J, p.J]) is > 0 and var norms ? gram[p.I, p.J] / norms : 0), 0, 1);
            var t = k * cosine / (1 + ((k - 1) * cosine));
            MergeMath.Combine(input, [.. Enumerable.Repeat(t / k, k)], from, length, result);
        }
    }

    private static IEnumerable<(int I, int J)> Pairs(int count) =>
        Enumerable.Range(0, count).SelectMany(i => Enumerable.Range(i + 1, count - i - 1).Select(j => (i, j)));
}
