using System.ComponentModel.DataAnnotations;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Heirloom.Layers;

/// <summary>How weights start.</summary>
/// <remarks>
/// Norms start at weight 1 and every bias at 0. Each other parameter draws from its own child of the seed, by its name,
/// so that a model with one more layer starts with the same weights elsewhere.
/// </remarks>
public abstract record InitializationConfig : Kinded
{
    /// <summary>Fills every parameter of a model on the CPU.</summary>
    public void Apply(nn.Module model, Seed seed)
    {
        using var frozen = no_grad();
        var layout = new ModelLayout(model);
        foreach (var (name, parameter) in model.named_parameters())
        {
            using var scope = NewDisposeScope();
            if (name.EndsWith("bias", StringComparison.Ordinal))
            {
                parameter.zero_();
            }
            else if (layout.IsNorm(name))
            {
                parameter.fill_(1);
            }
            else
            {
                using var generator = seed.For(name).Generator();
                Fill(name, parameter, layout, generator);
            }
        }
    }

    /// <summary>Fills one parameter that is neither a bias nor a norm's.</summary>
    protected abstract void Fill(string name, Tensor parameter, ModelLayout layout, Generator generator);
}

/// <summary>Normal weights of one standard deviation (Radford et al. 2019).</summary>
[Kind("normal")]
public sealed record NormalInitializationConfig : InitializationConfig
{
    [Range(0.0, 100.0)]
    public double Std { get; init; } = 0.02;

    /// <summary>Divides projections back into the residual stream by √(number of them), 2 a layer in GPT-2.</summary>
    public bool ScaleResidual { get; init; } = true;

    /// <summary>Cut off beyond two standard deviations (BERT, ViT).</summary>
    public bool Truncated { get; init; }

    protected override void Fill(string name, Tensor parameter, ModelLayout layout, Generator generator)
    {
        var std = ScaleResidual && ModelLayout.IsResidual(name) ? Std / Math.Sqrt(layout.ResidualProjections(name)) : Std;
        if (Truncated)
        {
            // by inversion: erf(√2) of a normal's mass lies within two deviations (the library's own function fills with a constant)
            const double Mass = 0.9544997361036416;
            parameter.uniform_(-Mass, Mass, generator).erfinv_().mul_(std * Math.Sqrt(2));
        }
        else
        {
            parameter.normal_(0, std, generator);
        }
    }
}

/// <summary>Normal weights with variance one over a projection's inputs; queries also over the head's width, since T5's scores are not scaled (Raffel et al. 2020).</summary>
[Kind("fan_in")]
public sealed record FanInInitializationConfig : InitializationConfig
{
    /// <summary>Factor on every standard deviation; embeddings have it as theirs.</summary>
    [Range(double.Epsilon, 100.0)]
    public double Factor { get; init; } = 1;

    protected override void Fill(string name, Tensor parameter, ModelLayout layout, Generator generator)
    {
        var variance = layout.Projection(name) is { } inputs
            ? 1.0 / (inputs * (layout.UnscaledHeadWidth(name) ?? 1))
            : layout.IsRelativePositions(name) ? 1.0 / layout.Width : 1.0;
        parameter.normal_(0, Factor * Math.Sqrt(variance), generator);
    }
}

/// <summary>What initialization asks about a model's parameters.</summary>
public sealed class ModelLayout
{
    private readonly Dictionary<string, nn.Module> _modules;
    private readonly List<string> _residual;

    public ModelLayout(nn.Module model)
    {
        _modules = model.named_modules().ToDictionary(m => m.name, m => m.module);
        _residual = [.. model.named_parameters().Select(p => p.name).Where(IsResidual)];
        Width = _modules.Values.OfType<Attention>().Select(a => a.Width).FirstOrDefault(1);
    }

    /// <summary>Width of the residual stream.</summary>
    public int Width { get; }

    /// <summary>Whether it is the weight of a projection back into the residual stream.</summary>
    public static bool IsResidual(string name) =>
        name.EndsWith("attention.output.weight", StringComparison.Ordinal) || name.EndsWith("feed_forward.down.weight", StringComparison.Ordinal);

    /// <summary>Whether it is a norm's weight.</summary>
    public bool IsNorm(string name) => Owner(name) is RmsNorm or LayerNorm or BatchNorm or GroupNorm;

    /// <summary>Whether it is the table of biases by distance.</summary>
    public bool IsRelativePositions(string name) => Owner(name) is RelativePositions;

    /// <summary>Projections back into the residual stream of the stack to which this one belongs.</summary>
    public int ResidualProjections(string name) => _residual.Count(r => Stack(r) == Stack(name));

    /// <summary>Inputs of the projection whose weight it is; null for embeddings, tokens and the vocabulary head.</summary>
    public long? Projection(string name) => name != "head.weight" && Owner(name) is Linear linear ? linear.weight!.shape[1] : null;

    /// <summary>Head width of an attention whose query projection it is.</summary>
    public int? UnscaledHeadWidth(string name) =>
        name.EndsWith(".query.weight", StringComparison.Ordinal) && _modules[Parent(Parent(name))] is Attention attention ? attention.HeadWidth : null;

    private nn.Module? Owner(string name) => _modules.GetValueOrDefault(Parent(name));

    private static string Parent(string name) => name.LastIndexOf('.') is var at and >= 0 ? name[..at] : "";

    private static string Stack(string name) => name.IndexOf("layers.", StringComparison.Ordinal) is var at and >= 0 ? name[..at] : "";
}
