using static TorchSharp.torch;

namespace Heirloom.Training;

/// <summary>Values as they are now, by holder and name, on the CPU and apart from the tensors that training goes on to change.</summary>
internal sealed class SnapshotCopies : IDisposable
{
    private readonly Dictionary<string, IReadOnlyList<KeyValuePair<string, Tensor>>> _tensors = [];

    public IReadOnlyDictionary<string, IReadOnlyList<KeyValuePair<string, Tensor>>> Tensors => _tensors;

    /// <summary>Copies what a holder has.</summary>
    public void Add(string holder, IEnumerable<KeyValuePair<string, Tensor>> values)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        _tensors[holder] = [.. values.Select(v => KeyValuePair.Create(v.Key, v.Value.detach().to(CPU, copy: true).DetachFromDisposeScope()))];
    }

    public void Dispose()
    {
        foreach (var (_, value) in _tensors.Values.SelectMany(v => v))
        {
            value.Dispose();
        }
    }
}
