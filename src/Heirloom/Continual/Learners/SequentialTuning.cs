using Heirloom.Adaptation.Tuning;
using Heirloom.Models;
using Heirloom.Models.Vision;
using Heirloom.Objectives;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Continual.Learners;

/// <summary>Trains on each task in turn with nothing against forgetting.</summary>
public sealed record SequentialTuningConfig : ClassIncrementalConfig
{
    /// <summary>What is trained beside the classifier; all of the model by default.</summary>
    public TuningConfig Tuning { get; init; } = new FullTuningConfig();

    public TaskTrainingConfig Training { get; init; } = new();

    public override SequentialTuning Build(VisionTransformer pretrained, Seed seed, WorkContext work) => new(this, pretrained, seed, work);

    public override SequentialTuningConfig WithRate(double factor) => this with { Training = Training.WithRate(factor) };
}

/// <summary>The lower bound of the field: fine-tuning with cross-entropy over all seen classes on the newest task's images alone.</summary>
public sealed class SequentialTuning : IClassIncrementalLearner
{
    private readonly SequentialTuningConfig _config;
    private readonly VisionTransformer _model;
    private readonly TuningModule _tuning;
    private readonly GrowingHead _head;
    private readonly Seed _seed;
    private readonly WorkContext _work;

    internal SequentialTuning(SequentialTuningConfig config, VisionTransformer pretrained, Seed seed, WorkContext work)
    {
        (_config, _seed, _work) = (config, seed, work);
        _model = pretrained.Copy().Freeze();
        _model.to(work.Device).eval();
        _tuning = config.Tuning.Build(_model, seed.For("tuning"));
        _tuning.to(work.Device);
        _tuning.Attach(_model);
        _head = new(_model.Width, seed.For("head"));
    }

    public void Learn(ClassTask task)
    {
        _head.Grow(task.Classes, _work.Device);
        TaskTraining.Fit(
            _config.Training, _model, [("model", _model), ("tuning", _tuning), ("head", _head)], task.Train,
            batch => Classification.Loss(_head.All(_model.Embed(batch.Images)), batch.Labels), _seed.For("task", task.Index), _work);
    }

    public Tensor Predict(Tensor images) => TaskTraining.Map(images, _work.Device, x => _head.All(_model.Embed(x)).argmax(1));

    public void Dispose()
    {
        _head.Dispose();
        _tuning.Dispose();
        _model.Dispose();
    }
}
