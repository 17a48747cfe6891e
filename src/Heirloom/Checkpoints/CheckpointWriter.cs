using System.Collections.Immutable;
using Heirloom.Checkpoints.Hub;
using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Checkpoints;

/// <summary>Writes one model folder.</summary>
internal sealed class CheckpointWriter
{
    private readonly CheckpointContents _contents;
    private readonly Dictionary<string, Tensor> _state;
    private readonly HubLayout _layout;
    private readonly KeyMap _map;

    public CheckpointWriter(CheckpointContents contents)
    {
        _contents = contents;
        _state = contents.Model.Module.state_dict();
        _layout = HubFolder.LayoutOf(contents.Model.Config);
        _map = _layout.Maps(contents.Model.Config, new(() => ModelState.Of(contents.Model)))[0];
        ModelState.Check(contents.Model, _map);
    }

    public string Write(string folder)
    {
        var hash = "";
        ReplaceableFolder.Require(folder, HubFolder.ConfigFile);
        Atomic.WriteFolder(folder, draft =>
        {
            hash = WeightsFolder.Write(draft, Sources(), _contents.MaxShardBytes);
            var lineage = _contents.Lineage with { Weights = hash };
            File.WriteAllText(Path.Combine(draft, HubFolder.ConfigFile), HubFolder.Write(_layout, _contents.Model.Config, StoredType(), _contents.Remainder, _contents.Labels));
            File.WriteAllText(Path.Combine(draft, LineageFile.Name), LineageFile.Write(lineage));
            File.WriteAllText(Path.Combine(draft, ModelCard.Name), ModelCard.Write(Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))), _contents.Model, lineage));
            foreach (var part in _contents.Parts)
            {
                part.WriteTo(draft);
            }
        });
        return hash;
    }

    private IEnumerable<TensorSource> Sources() => _map.Rules.Select(rule =>
    {
        var ours = rule.Ours.Select(o => _state[o.Name]).ToList();
        var type = Stored(ours[0].dtype);
        return new TensorSource(_contents.Remainder?.Spell(_layout, rule.Hub) ?? rule.Hub, type, rule.Shape, () =>
        {
            using var frozen = no_grad();
            return rule.Transform.Join([.. ours.Select(tensor => tensor.detach().to(type))]);
        });
    });

    private ScalarType Stored(ScalarType own) => _contents.Type is { } type && TensorTypes.IsFloat(own) ? type : own;

    private string? StoredType() =>
        _state.Values.Select(tensor => Stored(tensor.dtype)).Where(TensorTypes.IsFloat).GroupBy(type => type).MaxBy(group => group.Count())?.Key switch
        {
            ScalarType.Float64 => "float64",
            ScalarType.Float32 => "float32",
            ScalarType.Float16 => "float16",
            ScalarType.BFloat16 => "bfloat16",
            _ => null,
        };
}

/// <summary>A built model's tensors against what its configuration says of them.</summary>
internal static class ModelState
{
    public static IReadOnlyList<OurTensor> Of(IModel model) =>
        [.. model.Module.state_dict().Select(pair => new OurTensor(pair.Key, [.. pair.Value.shape]))];

    /// <exception cref="InvalidOperationException">The model and the map differ: a fault in one of them, or a model changed after it was built.</exception>
    public static void Check(IModel model, KeyMap map)
    {
        var mapped = map.Rules.SelectMany(rule => rule.Ours).ToDictionary(o => o.Name, o => o.Shape);
        var state = Of(model);
        var problems = state.Where(o => !mapped.ContainsKey(o.Name)).Select(o => $"{o.Name} is not described by its configuration")
            .Concat(mapped.Keys.Except(state.Select(o => o.Name)).Select(name => $"{name} is missing"))
            .Concat(state.Where(o => mapped.TryGetValue(o.Name, out var shape) && !shape.SequenceEqual(o.Shape))
                .Select(o => $"{o.Name} is {TensorTypes.Text(o.Shape)} instead of {TensorTypes.Text(mapped[o.Name])}"))
            .ToImmutableArray();
        if (!problems.IsEmpty)
        {
            throw new InvalidOperationException(
                $"{model.GetType().Name} is not the model of its configuration (merge adapters before saving): {string.Join("; ", problems.Take(5))}");
        }
    }
}
