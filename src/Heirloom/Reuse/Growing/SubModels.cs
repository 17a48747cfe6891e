namespace Heirloom.Reuse.Growing;

/// <summary>
/// The first stage of bert2BERT's two-stage pretraining: each step draws one of the sub-models that consist of the lowest b, 2b, 3b, … layers under the whole model's head, and
/// trains its top b layers and the head. The second stage trains the whole model as usual.
/// </summary>
/// <remarks>Chen et al. 2022, section 3.5 and algorithm 1 (b is l_b there).</remarks>
public static class SubModels
{
    /// <param name="layers">Of the whole model.</param>
    /// <param name="block">b: layers by which sub-models differ; the largest is the whole model, whose last block may be smaller.</param>
    public static DepthSampler Bottom(int layers, int block)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(block, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(block, layers);
        var sizes = (layers + block - 1) / block;
        return random =>
        {
            var size = random.Next(sizes) + 1;
            var depth = Math.Min(size * block, layers);
            return new([.. Enumerable.Range(0, depth)], depth - ((size - 1) * block));
        };
    }
}
