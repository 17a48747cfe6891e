using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using Heirloom.Adaptation.Tuning;
using Heirloom.Data;
using Heirloom.Models;
using Heirloom.Models.Vision;
using Heirloom.Objectives;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Continual.Learners;

/// <summary>Learns a general prompt and one expert prompt a task for a frozen model; sizes and training as published, for a model of 12 layers.</summary>
public sealed record DualPromptConfig : ClassIncrementalConfig
{
    /// <summary>Layers, from 0, that the general prompt enters.</summary>
    public ImmutableArray<int> GeneralLayers { get; init; } = [0, 1];

    /// <summary>Layers, from 0, that the expert prompts enter.</summary>
    public ImmutableArray<int> ExpertLayers { get; init; } = [2, 3, 4];

    /// <summary>Keys, and as many values, of the general prompt, L_g.</summary>
    [Range(1, 10_000)]
    public int GeneralLength { get; init; } = 5;

    /// <summary>Keys, and as many values, of an expert prompt, L_e.</summary>
    [Range(1, 10_000)]
    public int ExpertLength { get; init; } = 20;

    /// <summary>Weight of the pull of a task's key towards its queries, λ.</summary>
    [Range(0.0, 1000.0)]
    public double Pull { get; init; } = 1;

    public TaskTrainingConfig Training { get; init; } = PromptTraining.Published;

    public override DualPrompt Build(VisionTransformer pretrained, Seed seed, WorkContext work) => new(this, pretrained, seed, work);

    public override DualPromptConfig WithRate(double factor) => this with { Training = Training.WithRate(factor) };
}

/// <summary>
/// DualPrompt (Wang et al. 2022, "DualPrompt: Complementary Prompting for Rehearsal-free Continual Learning"): prefix prompts shared by all tasks in early
/// layers and of the task in later ones. The task is known in training; in use it is that of the key nearest to the image's own class token.
/// The loss is cross-entropy over the task's own classes minus λ · cosine of query and task key.
/// </summary>
public sealed class DualPrompt : IClassIncrementalLearner
{
    private readonly DualPromptConfig _config;
    private readonly VisionTransformer _model;
    private readonly ChosenPrefix _generalPrefix, _expertPrefix;
    private readonly DualPrompts _prompts;
    private readonly GrowingHead _head;
    private readonly Seed _seed;
    private readonly WorkContext _work;

    /// <exception cref="UserError">A layer that the model does not have, or one for both kinds of prompt.</exception>
    internal DualPrompt(DualPromptConfig config, VisionTransformer pretrained, Seed seed, WorkContext work)
    {
        if (config.GeneralLayers.Intersect(config.ExpertLayers).Any())
        {
            throw new UserError("a layer has both a general and an expert prompt", "expert_layers", "let them be different layers");
        }

        (_config, _seed, _work) = (config, seed, work);
        _model = pretrained.Copy().Freeze();
        _model.to(work.Device).eval();
        (_generalPrefix, _expertPrefix) = (new(config.GeneralLayers), new(config.ExpertLayers));
        _generalPrefix.Attach(_model);
        _expertPrefix.Attach(_model);
        _prompts = new(config, _model.Width, seed.For("prompts"));
        _prompts.to(work.Device);
        _head = new(_model.Width, seed.For("head"));
    }

    public void Learn(ClassTask task)
    {
        _head.Grow(task.Classes, _work.Device);
        _prompts.Grow(_work.Device);
        TaskTraining.Fit(_config.Training, _model, [("prompts", _prompts), ("head", _head)], task.Train, Loss, _seed.For("task", task.Index), _work);

        Loss Loss(ImageBatch batch)
        {
            var query_BD = Query(batch.Images);
            var features_BD = Prompted(batch.Images, _prompts.Expert(task.Index));
            var loss = Classification.Loss(_head.Newest(features_BD), batch.Labels - task.FirstClass);
            return loss with { Total = loss.Total - (_config.Pull * _prompts.Similarities(query_BD).select(1, task.Index).mean()) };
        }
    }

    public Tensor Predict(Tensor images) => TaskTraining.Map(images, _work.Device, x =>
        _head.All(Prompted(x, _prompts.Experts(_prompts.Similarities(Query(x)).argmax(1)))).argmax(1));

    public void Dispose()
    {
        _head.Dispose();
        _prompts.Dispose();
        _generalPrefix.Dispose();
        _expertPrefix.Dispose();
        _model.Dispose();
    }

    /// <summary>The class token of the model without prompts.</summary>
    private Tensor Query(Tensor images)
    {
        using var quiet = no_grad();
        return _model.Embed(images);
    }

    private Tensor Prompted(Tensor images, Tensor expert_BL2PD)
    {
        (_generalPrefix.Current, _expertPrefix.Current) = (_prompts.General, expert_BL2PD);
        var features = _model.Embed(images);
        (_generalPrefix.Current, _expertPrefix.Current) = (null, null);
        return features;
    }
}
