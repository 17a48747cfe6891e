using static TorchSharp.torch;

namespace Heirloom.Continual;

/// <summary>Class means of features, compared by cosine: nothing is trained, and nothing of earlier classes changes when new ones come.</summary>
/// <remarks>Snell et al. 2017 with cosine similarity, as in Zhou et al. 2023, equations 3 and 4. Owns its means; dispose it.</remarks>
public sealed class PrototypeClassifier : IDisposable
{
    private readonly SortedDictionary<long, Tensor> _means = [];

    /// <summary>Labels that have a prototype, ascending.</summary>
    public IReadOnlyCollection<long> Labels => _means.Keys;

    /// <summary>Sets the prototype of each class that occurs to the mean of its features.</summary>
    /// <param name="features_ND"><c>[N, D]</c></param>
    /// <param name="labels_N"><c>[N]</c> int64.</param>
    public void Add(Tensor features_ND, Tensor labels_N)
    {
        using var quiet = no_grad();
        using var scope = NewDisposeScope();
        foreach (var label in labels_N.unique().output.data<long>().ToArray())
        {
            var rows = labels_N.eq(label).nonzero().squeeze(1).to(features_ND.device);
            var mean = features_ND.index_select(0, rows).to(ScalarType.Float32).mean([0]);
            if (_means.Remove(label, out var old))
            {
                old.Dispose();
            }

            _means[label] = mean.DetachFromDisposeScope();
        }
    }

    /// <returns><c>[N, classes]</c> cosines, columns in the order of <see cref="Labels"/>.</returns>
    public Tensor Similarities(Tensor features_ND)
    {
        using var scope = NewDisposeScope();
        var prototypes_CD = nn.functional.normalize(stack(_means.Values), dim: 1);
        return nn.functional.normalize(features_ND.to(ScalarType.Float32), dim: 1).matmul(prototypes_CD.T).MoveToOuterDisposeScope();
    }

    /// <returns><c>[N]</c> int64: the label of the nearest prototype.</returns>
    /// <exception cref="InvalidOperationException">It has no prototype.</exception>
    public Tensor Predict(Tensor features_ND)
    {
        if (_means.Count == 0)
        {
            throw new InvalidOperationException("no class has been added");
        }

        using var scope = NewDisposeScope();
        var nearest = Similarities(features_ND).argmax(1);
        return tensor(_means.Keys.ToArray(), dtype: ScalarType.Int64, device: nearest.device).index_select(0, nearest).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        foreach (var mean in _means.Values)
        {
            mean.Dispose();
        }
    }
}
