using System.ComponentModel.DataAnnotations;
using Heirloom.Layers;
using Heirloom.Models;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Adaptation.Tuning;

/// <summary>A scale and a shift for each channel after every operation (SSF).</summary>
public sealed record ScaleShiftConfig : TuningConfig
{
    /// <summary>Standard deviation of scales around 1 and of shifts around 0 at the start.</summary>
    [Range(0.0, 10.0)]
    public double Std { get; init; } = 0.02;

    public override ScaleShift Build(IModel model, Seed seed) => new(this, model, seed);
}

/// <summary><c>γ ⊙ y + β</c> on the output of every projection, convolution and norm of the model, its classifier apart.</summary>
/// <remarks>Lian et al. 2022, "Scaling and Shifting Your Features", equation 3.</remarks>
public sealed class ScaleShift : TuningModule
{
    [ComponentName(Name = "scale")]
    private readonly ParameterList _scale;

    [ComponentName(Name = "shift")]
    private readonly ParameterList _shift;

    internal ScaleShift(ScaleShiftConfig config, IModel model, Seed seed) : base(nameof(ScaleShift))
    {
        var operations = Operations(model.Module).ToList();
        _scale = new([.. operations.Select(o => Draw(o, "scale", 1))]);
        _shift = new([.. operations.Select(o => Draw(o, "shift", 0))]);
        RegisterComponents();

        Parameter Draw((string Name, nn.Module<Tensor, Tensor> Layer) operation, string what, double mean)
        {
            using var generator = seed.For($"{operation.Name}/{what}").Generator();
            var parameter = new Parameter(zeros(operation.Layer.get_parameter("weight")!.shape[0]));
            using var quiet = no_grad();
            parameter.normal_(mean, config.Std, generator);
            return parameter;
        }
    }

    protected override void AttachTo(nn.Module model)
    {
        foreach (var (i, (_, layer)) in Operations(model).Index())
        {
            long[] shape = layer is Conv2d ? [-1, 1, 1] : [-1]; // a convolution's channels stand before its rows and columns
            HookOutput(layer, (_, y) => y.mul(_scale[i].view(shape)).add_(_shift[i].view(shape)));
        }
    }

    private static IEnumerable<(string Name, nn.Module<Tensor, Tensor> Layer)> Operations(nn.Module model) =>
        from m in model.named_modules()
        where m.module is Linear or Conv2d or LayerNorm or RmsNorm && !FullTuning.IsClassifier(m.name + ".")
        select (m.name, (nn.Module<Tensor, Tensor>)m.module);
}
