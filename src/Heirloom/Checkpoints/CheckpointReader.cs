using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Heirloom.Checkpoints.Hub;
using Heirloom.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Checkpoints;

/// <summary>Reads one model folder: first everything that headers can tell, then a model, then values.</summary>
internal sealed class CheckpointReader : IDisposable
{
    private readonly string _folder;
    private readonly LoadOptions _options;
    private readonly IWeights _weights;
    private readonly Lineage? _lineage;
    private readonly ModelConfig _config;
    private readonly HubLayout _layout, _stored;
    private readonly HubConfig _file;
    private readonly Lazy<IModel> _model;
    private readonly WeightsHash _hash = new();
    private readonly List<string> _loaded = [], _notes = [];
    private readonly List<(string, string)> _converted = [];

    public CheckpointReader(string folder, LoadOptions options)
    {
        if (!options.Fresh.IsEmpty && options.Seed is null)
        {
            throw new ArgumentException("fresh parameters need a seed", nameof(options));
        }

        _folder = folder;
        _options = options;
        (_stored, var config, _file) = HubFolder.Read(folder);
        _layout = _stored;
        _notes.AddRange(_file.Notes);
        _config = options.Configure is { } configure ? configure(config) : config;
        if (options.Configure is not null && _layout is not HeirloomLayout && HubFolder.LayoutOf(_config) is var changed and not HeirloomLayout)
        {
            _layout = changed;
        }

        _lineage = LineageFile.Read(folder);
        _model = new(Build);
        _weights = WeightsFolder.Open(folder);
    }

    public LoadedCheckpoint<TModel> Load<TModel>()
        where TModel : IModel
    {
        var fit = WeightsFit.Of(_layout.Maps(_config, new(() => ModelState.Of(_model.Value))), _weights, _folder, _options.Fresh);
        if (fit.Problems is [var first, ..])
        {
            throw new UserError(fit.Problems.Length == 1 ? first : $"{first} (and {fit.Problems.Length - 1} more)", _folder,
                $"config.json and the weights belong to different models, or a new part has to be named as fresh");
        }

        var model = _model.Value is TModel capable ? capable : throw new UserError(
            $"holds a {_model.Value.GetType().Name}, which is no {typeof(TModel).Name}", _folder, "name another model or another task");
        ModelState.Check(model, fit.Match.Map);
        Fill(model, fit);
        model.Module.eval();
        var hash = _hash.ToString();
        if (_lineage is { Weights: { Length: > 0 } recorded } && recorded != hash)
        {
            _notes.Add($"the weights are not those that {LineageFile.Name} describes: they were changed after it was written");
        }

        var remainder = HubRemainder.Of(_stored, _file, fit.Match);
        return new(model, fit.Report with { Loaded = [.. _loaded], Converted = [.. _converted], Notes = [.. fit.Report.Notes, .. _notes] }, _lineage, hash)
        {
            // a new head has classes of its own
            Remainder = _options.Fresh.IsEmpty ? remainder : remainder.WithoutLabels(),
        };
    }

    public void Dispose() => _weights.Dispose();

    private IModel Build()
    {
        try
        {
            return _config.Build(_options.Seed ?? new Seed(0));
        }
        catch (ExternalException e)
        {
            throw new UserError($"a model of this configuration cannot be built: {e.Message.Split('\n')[0]}", Path.Combine(_folder, HubFolder.ConfigFile), inner: e);
        }
    }

    private void Fill(IModel model, WeightsFit fit)
    {
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        model.Module.to(_options.Type ?? TypeOf([.. fit.Match.Found.Values.Select(name => _weights.Entries[name].Type).Where(TensorTypes.IsFloat).Distinct()]));
        model.Module.to(_options.Device);
        var state = model.Module.state_dict();
        var rules = fit.Match.Map.Rules.Where(rule => fit.Match.Found.ContainsKey(rule.Hub)).ToDictionary(rule => fit.Match.Found[rule.Hub]);
        foreach (var entry in _weights.Entries.Values.OrderBy(e => e.Name, StringComparer.Ordinal))
        {
            using var inner = NewDisposeScope();
            if (rules.TryGetValue(entry.Name, out var rule) && !fit.IsFresh(rule))
            {
                var values = _weights.Read(entry.Name);
                Hash(entry, values);
                Copy(rule, values, state);
            }
            else
            {
                using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
                _weights.Visit(entry.Name, digest.AppendData);
                _hash.Add(entry.Name, TensorTypes.Name(entry.Type), entry.Shape, digest.GetHashAndReset());
            }
        }
    }

    private void Copy(KeyRule rule, Tensor values, Dictionary<string, Tensor> state)
    {
        foreach (var (ours, part) in rule.Ours.Zip(rule.Transform.Split(values, rule.Shapes)))
        {
            var target = state[ours.Name];
            target.copy_(part);
            _loaded.Add(ours.Name);
            if (values.dtype != target.dtype)
            {
                _converted.Add((ours.Name, $"{TensorTypes.Name(values.dtype)} to {TensorTypes.Name(target.dtype)}"));
            }
        }
    }

    private void Hash(TensorEntry entry, Tensor values)
    {
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        TensorBytes.Pass(values, bytes => digest.AppendData(bytes));
        _hash.Add(entry.Name, TensorTypes.Name(entry.Type), entry.Shape, digest.GetHashAndReset());
    }

    /// <summary>The one type stored, or one that holds every value of those that are.</summary>
    private static ScalarType TypeOf(ScalarType[] stored) => stored switch
    {
        [var only] => only,
        _ when stored.Contains(ScalarType.Float64) => ScalarType.Float64,
        _ => ScalarType.Float32,
    };
}
