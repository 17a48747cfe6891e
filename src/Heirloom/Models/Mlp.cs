using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using Heirloom.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Models;

/// <summary>A multilayer perceptron over whatever has a fixed number of features.</summary>
public sealed record MlpConfig : ModelConfig, IExample<MlpConfig>
{
    public static MlpConfig Example => new() { Features = 64, Widths = [16], Classes = 3 };

    /// <summary>Numbers in an example; images are flattened.</summary>
    [Range(1, int.MaxValue)]
    public required int Features { get; init; }

    /// <summary>Hidden widths, from input to output; none for a linear model.</summary>
    public ImmutableArray<int> Widths { get; init; } = [];

    /// <summary>Outputs.</summary>
    [Range(1, int.MaxValue)]
    public required int Classes { get; init; }

    public Activation Activation { get; init; } = Activation.Relu;

    /// <summary>Dropped share of hidden vectors.</summary>
    [Range(0.0, 0.999)]
    public double Dropout { get; init; }

    /// <summary>How weights start.</summary>
    public InitializationConfig Initialization { get; init; } = new FanInInitializationConfig();

    public override Mlp Build(Seed seed)
    {
        var model = new Mlp(this);
        Initialization.Apply(model, seed);
        return model;
    }
}

/// <summary>Layers of projection and nonlinearity, then a linear classifier.</summary>
public sealed class Mlp : nn.Module, IClassifier<Tensor>
{
    private readonly MlpConfig _config;

    [ComponentName(Name = "layers")]
    private readonly ModuleList<Linear> _layers;

    [ComponentName(Name = "classifier")]
    private readonly Linear _classifier;

    internal Mlp(MlpConfig config) : base(nameof(Mlp))
    {
        if (config.Widths.Any(width => width < 1))
        {
            throw new UserError($"hidden widths must be positive, not {config.Widths.First(width => width < 1)}", "widths");
        }

        _config = config;
        int[] widths = [config.Features, .. config.Widths];
        _layers = new([.. widths.Zip(widths.Skip(1), (inputs, outputs) => Projections.Linear(inputs, outputs, bias: true))]);
        _classifier = Projections.Linear(widths[^1], config.Classes, bias: true);
        RegisterComponents();
    }

    public ModelConfig Config => _config;

    public int Classes => _config.Classes;

    /// <param name="inputs"><c>[B, …]</c> with <see cref="MlpConfig.Features"/> numbers an example.</param>
    public Tensor Classify(Tensor inputs)
    {
        using var scope = NewDisposeScope();
        var x_BF = inputs.flatten(1);
        if (x_BF.shape[1] != _config.Features)
        {
            throw new UserError($"examples have {x_BF.shape[1]} numbers and the model reads {_config.Features}", mend: "set features to the data's");
        }

        foreach (var layer in _layers)
        {
            x_BF = _config.Activation.Apply(layer.call(x_BF));
            x_BF = Dropping.Apply(x_BF, _config.Dropout, training);
        }

        return _classifier.call(x_BF).MoveToOuterDisposeScope();
    }
}
