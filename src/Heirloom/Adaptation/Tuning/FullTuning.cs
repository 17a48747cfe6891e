using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Adaptation.Tuning;

/// <summary>Trains all of the model itself, its classifier apart.</summary>
public sealed record FullTuningConfig : TuningConfig
{
    public override FullTuning Build(IModel model, Seed seed) => new();
}

/// <summary>Adds nothing; while attached, the model's own parameters ask for gradients.</summary>
public sealed class FullTuning() : TuningModule(nameof(FullTuning))
{
    protected override void AttachTo(nn.Module model)
    {
        var frozen = model.named_parameters().Where(p => !p.parameter.requires_grad && !IsClassifier(p.name)).Select(p => p.name).ToHashSet(StringComparer.Ordinal);
        model.Unfreeze(frozen.Contains);
        OnDetach(() =>
        {
            foreach (var (_, parameter) in model.named_parameters().Where(p => frozen.Contains(p.name)))
            {
                parameter.requires_grad = false;
            }
        });
    }

    internal static bool IsClassifier(string name) => name.StartsWith("classifier.", StringComparison.Ordinal) || name.StartsWith("head.", StringComparison.Ordinal);
}
