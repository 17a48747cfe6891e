using Heirloom.Adaptation.Tuning;
using Heirloom.Models;
using Heirloom.Models.Vision;
using Heirloom.Objectives;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Continual.Learners;

/// <summary>Adapts the model on the first task, then keeps prototypes over both models.</summary>
public sealed record AperConfig : ClassIncrementalConfig, IExample<AperConfig>
{
    public static AperConfig Example => new() { Tuning = new BottleneckAdapterConfig() };

    /// <summary>How the model is adapted.</summary>
    public required TuningConfig Tuning { get; init; }

    /// <summary>Of the first task.</summary>
    public TaskTrainingConfig Training { get; init; } = new();

    public override Aper Build(VisionTransformer pretrained, Seed seed, WorkContext work) => new(this, pretrained, seed, work);

    public override AperConfig WithRate(double factor) => this with { Training = Training.WithRate(factor) };
}

/// <summary>
/// Adapt and merge (ADAM, later APER; Zhou et al. 2023, section 4.2 and algorithm 1): a copy of the pretrained model is tuned on the first task with a
/// cosine classifier and frozen; the prototypes of all classes are means of the concatenation <c>[φ*(x), φ(x)]</c> of adapted and pretrained features.
/// </summary>
public sealed class Aper : IClassIncrementalLearner
{
    private readonly AperConfig _config;
    private readonly VisionTransformer _pretrained, _adapted;
    private readonly TuningModule _tuning;
    private readonly PrototypeClassifier _prototypes = new();
    private readonly Seed _seed;
    private readonly WorkContext _work;
    private bool _isAdapted;

    internal Aper(AperConfig config, VisionTransformer pretrained, Seed seed, WorkContext work)
    {
        (_config, _seed, _work) = (config, seed, work);
        _pretrained = pretrained.Copy().Freeze();
        _adapted = pretrained.Copy().Freeze();
        _tuning = config.Tuning.Build(_adapted, seed.For("tuning"));
        _pretrained.to(work.Device).eval();
        _adapted.to(work.Device).eval();
        _tuning.to(work.Device);
        _tuning.Attach(_adapted);
    }

    public void Learn(ClassTask task)
    {
        if (!_isAdapted)
        {
            Adapt(task);
            _isAdapted = true;
        }

        using var features = Features(task.Train.Images);
        _prototypes.Add(features, task.Train.Labels);
    }

    public Tensor Predict(Tensor images)
    {
        using var features = Features(images);
        return _prototypes.Predict(features);
    }

    public void Dispose()
    {
        _prototypes.Dispose();
        _tuning.Dispose();
        _adapted.Dispose();
        _pretrained.Dispose();
    }

    private void Adapt(ClassTask task)
    {
        using var head = new CosineHead(_adapted.Width, task.Classes, _seed.For("head"));
        head.to(_work.Device);
        TaskTraining.Fit(
            _config.Training, _adapted, [("model", _adapted), ("tuning", _tuning), ("head", head)], task.Train,
            batch => Classification.Loss(head.call(_adapted.Embed(batch.Images)), batch.Labels - task.FirstClass), _seed.For("adapt"), _work);
        _adapted.Freeze();
        _tuning.Freeze();
    }

    private Tensor Features(Tensor images) => TaskTraining.Map(images, _work.Device, x => cat([_adapted.Embed(x), _pretrained.Embed(x)], 1));
}
