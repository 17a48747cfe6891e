using Heirloom.Adaptation.Tuning;
using Heirloom.Models;
using Heirloom.Models.Vision;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Continual.Learners;

/// <summary>Prototypes over a frozen pretrained model.</summary>
public sealed record SimpleCilConfig : ClassIncrementalConfig
{
    public override SimpleCil Build(VisionTransformer pretrained, Seed seed, WorkContext work) => new(pretrained, work);

    public override SimpleCilConfig WithRate(double factor) => this;
}

/// <summary>SimpleCIL (Zhou et al. 2023, section 4.1): the pretrained embedding as it is, and a prototype for each class.</summary>
public sealed class SimpleCil : IClassIncrementalLearner
{
    private readonly VisionTransformer _encoder;
    private readonly PrototypeClassifier _prototypes = new();
    private readonly WorkContext _work;

    internal SimpleCil(VisionTransformer pretrained, WorkContext work)
    {
        _work = work;
        _encoder = pretrained.Copy().Freeze();
        _encoder.to(work.Device).eval();
    }

    public void Learn(ClassTask task)
    {
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
        _encoder.Dispose();
    }

    private Tensor Features(Tensor images) => TaskTraining.Map(images, _work.Device, _encoder.Embed);
}
