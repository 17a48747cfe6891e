using Heirloom.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Models.Heads;

/// <summary>A model that encodes, which is part of it, and a classifier of its vectors.</summary>
/// <typeparam name="TEncoder">What the head needs of what it stands on.</typeparam>
public abstract class HeadModel<TEncoder> : nn.Module
    where TEncoder : class, IModel
{
    private readonly HeadConfig _config;

    // registered by the derived type, which sees fields of its base that are not private
    [ComponentName(Name = "encoder")]
    private protected readonly nn.Module _encoder;

    [ComponentName(Name = "classifier_transform")]
    private protected readonly Linear? _transform;

    [ComponentName(Name = "classifier")]
    private protected readonly Linear _classifier;

    private protected HeadModel(string name, TEncoder encoder, int width, HeadConfig config) : base(name)
    {
        _config = config;
        _encoder = encoder.Module;
        _transform = config.Transform is not null ? Projections.Linear(width, width, bias: true) : null;
        _classifier = Projections.Linear(width, config.Outputs(), config.Bias);
    }

    public ModelConfig Config => _config;

    public TEncoder Encoder => (TEncoder)(object)_encoder;

    /// <summary>Fills the head's weights and leaves the encoder's.</summary>
    internal void Initialize(Seed seed)
    {
        _config.Initialization.Apply(_classifier, seed.For("classifier"));
        if (_transform is not null)
        {
            _config.Initialization.Apply(_transform, seed.For("classifier_transform"));
        }
    }

    /// <param name="x"><c>[…, D]</c></param>
    /// <returns><c>[…, outputs]</c></returns>
    private protected Tensor Score(Tensor x)
    {
        using var scope = NewDisposeScope();
        if (_transform is not null)
        {
            x = _config.Transform!.Value.Apply(_transform.call(Dropped(x)));
        }

        return _classifier.call(Dropped(x)).MoveToOuterDisposeScope();
    }

    private Tensor Dropped(Tensor x) => Dropping.Apply(x, _config.Dropout, training);
}
