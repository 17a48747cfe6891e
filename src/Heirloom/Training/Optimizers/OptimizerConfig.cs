using System.ComponentModel.DataAnnotations;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Heirloom.Training.Optimizers;

/// <summary>A parameter by the name under which the model registers it.</summary>
public sealed record NamedParameter(string Name, Parameter Value)
{
    /// <summary>Multiplies the learning rate of this parameter (layer-wise decay, slower backbones).</summary>
    public double Scale { get; init; } = 1;

    /// <summary>The trainable parameters of a module; shared ones once, under their first name.</summary>
    public static IReadOnlyList<NamedParameter> Of(nn.Module module)
    {
        var seen = new HashSet<IntPtr>();
        return [.. module.named_parameters()
            .Where(p => p.parameter.requires_grad && seen.Add(p.parameter.Handle))
            .Select(p => new NamedParameter(p.name, p.parameter))];
    }
}

/// <summary>How weights follow from gradients. A new optimizer is a record like this and an <see cref="UpdateRule"/>; everything else is shared.</summary>
public abstract record OptimizerConfig : Kinded
{
    /// <summary>Peak learning rate; the schedule multiplies it.</summary>
    [Range(0, 1000)]
    public abstract double LearningRate { get; init; }

    /// <summary>The rule for one parameter. Parameters may share an instance, which holds no state.</summary>
    public abstract UpdateRule RuleFor(NamedParameter parameter);

    /// <summary>An optimizer of these parameters; the caller disposes it.</summary>
    public Optimizer Build(IReadOnlyList<NamedParameter> parameters) => new(parameters, RuleFor);
}
