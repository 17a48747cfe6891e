using System.ComponentModel.DataAnnotations;
using Heirloom.Adaptation.Tuning;
using Heirloom.Data;
using Heirloom.Models;
using Heirloom.Models.Vision;
using Heirloom.Objectives;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Continual.Learners;

/// <summary>Learns a pool of prompts for a frozen model; sizes and training as published.</summary>
[Kind("l2p")]
public sealed record L2PConfig : ClassIncrementalConfig
{
    /// <summary>Prompts in the pool, M.</summary>
    [Range(1, 100_000)]
    public int PoolSize { get; init; } = 10;

    /// <summary>Tokens of a prompt, L_p.</summary>
    [Range(1, 10_000)]
    public int Length { get; init; } = 5;

    /// <summary>Prompts that an image takes, N; at most the pool's size.</summary>
    [Range(1, 100_000)]
    public int Chosen { get; init; } = 5;

    /// <summary>Weight of the pull of keys towards queries, λ.</summary>
    [Range(0.0, 1000.0)]
    public double Pull { get; init; } = 0.1;

    public TaskTrainingConfig Training { get; init; } = PromptTraining.Published;

    public override L2P Build(VisionTransformer pretrained, Seed seed, WorkContext work) => new(this, pretrained, seed, work);

    public override L2PConfig WithRate(double factor) => this with { Training = Training.WithRate(factor) };
}

/// <summary>
/// L2P (Wang et al. 2022, "Learning to Prompt for Continual Learning"): an image's own class token, without prompts, is the query; the prompts of the
/// nearest keys join its tokens, and a linear classifier reads the mean of their outputs. The loss is cross-entropy over the task's own classes minus λ · pull.
/// </summary>
public sealed class L2P : IClassIncrementalLearner
{
    private readonly L2PConfig _config;
    private readonly VisionTransformer _model;
    private readonly ChosenTokens _tokens = new();
    private readonly PromptPool _pool;
    private readonly GrowingHead _head;
    private readonly Seed _seed;
    private readonly WorkContext _work;

    /// <exception cref="UserError">An image takes more prompts than the pool has.</exception>
    internal L2P(L2PConfig config, VisionTransformer pretrained, Seed seed, WorkContext work)
    {
        if (config.Chosen > config.PoolSize)
        {
            throw new UserError($"an image takes {config.Chosen} prompts and the pool has {config.PoolSize}", "chosen", "choose at most pool_size");
        }

        (_config, _seed, _work) = (config, seed, work);
        _model = pretrained.Copy().Freeze();
        _model.to(work.Device).eval();
        _tokens.Attach(_model);
        _pool = new(config.PoolSize, config.Length, _model.Width, seed.For("pool"));
        _pool.to(work.Device);
        _head = new(_model.Width, seed.For("head"));
    }

    public void Learn(ClassTask task)
    {
        _head.Grow(task.Classes, _work.Device);
        TaskTraining.Fit(_config.Training, _model, [("pool", _pool), ("head", _head)], task.Train, Loss, _seed.For("task", task.Index), _work);

        Loss Loss(ImageBatch batch)
        {
            var (features_BD, pull) = Features(batch.Images);
            var loss = Classification.Loss(_head.Newest(features_BD), batch.Labels - task.FirstClass);
            return loss with { Total = loss.Total - (_config.Pull * pull) };
        }
    }

    public Tensor Predict(Tensor images) => TaskTraining.Map(images, _work.Device, x => _head.All(Features(x).Features_BD).argmax(1));

    public void Dispose()
    {
        _head.Dispose();
        _pool.Dispose();
        _tokens.Dispose();
        _model.Dispose();
    }

    private (Tensor Features_BD, Tensor Pull) Features(Tensor images)
    {
        Tensor query_BD;
        using (no_grad())
        {
            query_BD = _model.Embed(images);
        }

        var (prompts_BPD, pull) = _pool.Select(query_BD, _config.Chosen);
        _tokens.Current = prompts_BPD;
        var encoded_BTD = _model.Encode(images);
        _tokens.Current = null;
        var prompts = prompts_BPD.shape[1];
        return (encoded_BTD.narrow(1, encoded_BTD.shape[1] - prompts, prompts).mean([1]), pull);
    }
}
