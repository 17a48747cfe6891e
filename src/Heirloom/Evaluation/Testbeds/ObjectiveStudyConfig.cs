using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using Heirloom.Data;
using Heirloom.Data.Batching;
using Heirloom.Evaluation.Metrics;
using Heirloom.Models;
using Heirloom.Models.Text;
using Heirloom.Objectives;
using Heirloom.Training;
using Heirloom.Training.Optimizers;
using Heirloom.Training.Precision;

namespace Heirloom.Evaluation.Testbeds;

/// <summary>
/// Sizes and budgets of a study that compares objectives and architectures: every model is pretrained on one body of text with the same rows, steps and learning
/// rates to choose from, and a copy of it is fine-tuned on pairs.
/// </summary>
public sealed record ObjectiveStudyConfig : IExample<ObjectiveStudyConfig>
{
    private const int HeadWidth = 16;

    public static ObjectiveStudyConfig Example => new();

    /// <summary>A multiple of 16, the width of a head.</summary>
    [Range(HeadWidth, 8192)]
    public int Width { get; init; } = 64;

    /// <summary>Of a model of one stack.</summary>
    [Range(1, 100)]
    public int Layers { get; init; } = 2;

    /// <summary>Rows a step.</summary>
    [Range(1, 4096)]
    public int Rows { get; init; } = 8;

    /// <summary>Of pretraining.</summary>
    [Range(1, int.MaxValue)]
    public int Steps { get; init; } = 250;

    /// <summary>Of fine-tuning.</summary>
    [Range(1, int.MaxValue)]
    public int TuneSteps { get; init; } = 80;

    /// <summary>Learning rates of pretraining that every model tries; validation text chooses.</summary>
    public ImmutableArray<double> Rates { get; init; } = [3e-3, 1e-2];

    /// <summary>Learning rate of fine-tuning.</summary>
    [Range(1e-9, 1)]
    public double TuneRate { get; init; } = 2e-3;

    public AdamWConfig Optimizer { get; init; } = new();

    /// <summary>Attention heads.</summary>
    /// <exception cref="UserError">The width is no multiple of a head's.</exception>
    public int Heads() => Width % HeadWidth == 0
        ? Width / HeadWidth
        : throw new UserError($"a width of {Width} does not divide into heads of {HeadWidth}", "width", $"make it a multiple of {HeadWidth}");

    /// <summary>The model that reads pairs in a form: an encoder–decoder with as many layers on each side as a decoder has in all, so that a token costs as much, or a decoder.</summary>
    /// <param name="form">Causal, prefix or encoder–decoder pairs.</param>
    /// <param name="text">Its vocabulary and context; a decoder's own is twice as long, as it holds source and target.</param>
    public ModelConfig ModelFor(PairForm form, TextTestbed text) => form is EncoderDecoderPairs
        ? EncoderDecoderConfig.T5(text.Tokenizer.VocabularySize, Width, Layers, Heads())
        : DecoderConfig.Llama(text.Tokenizer.VocabularySize, 2 * text.ContextLength, Width, Layers, Heads());

    /// <summary>Trains with every learning rate and keeps the model with the lowest loss of its own objective on validation text.</summary>
    /// <param name="start">Makes the model to train, the same every time.</param>
    /// <param name="objective">What it learns.</param>
    /// <param name="text">What it reads.</param>
    /// <param name="seed">Order of rows, and all else.</param>
    /// <param name="work">Where to compute.</param>
    /// <param name="share">Of <see cref="Steps"/>.</param>
    public TModel Pretrain<TModel>(Func<TModel> start, Objective<TModel, TokenBatch> objective, TextDomain text, Seed seed, WorkContext work, double share = 1)
        where TModel : class, IModel => Tuning.Best(
            Rates,
            rate => Fit(start(), objective, text.Batches(Rows, seed.For("text")), (int)Math.Ceiling(Steps * share), rate, seed, work),
            model => ObjectiveLosses.Mean(objective, model, text.HeldOut(SplitPart.Validation), new(1), work));

    /// <summary>Trains a copy to write targets after sources.</summary>
    /// <param name="model">Pretrained; stays as it is.</param>
    /// <param name="form">How it reads pairs.</param>
    /// <param name="pairs">At least one.</param>
    /// <param name="padding">Fills rows.</param>
    /// <param name="seed">Order of pairs, and all else.</param>
    /// <param name="work">Where to compute.</param>
    public IModel FineTune(IModel model, PairForm form, IReadOnlyList<SequencePair> pairs, int padding, Seed seed, WorkContext work) =>
        Fit(model.Copy(), ConditionalLM.Objective(form), new SequencePairBatches(pairs, Rows, padding, seed.For("task")), TuneSteps, TuneRate, seed, work);

    private TModel Fit<TModel, TBatch>(TModel model, Objective<TModel, TBatch> objective, IBatches<TBatch> batches, int steps, double rate, Seed seed, WorkContext work)
        where TModel : class, IModel
        where TBatch : IBatch<TBatch>
    {
        var config = new TrainingConfig { Steps = steps, Optimizer = Optimizer with { LearningRate = rate }, Precision = PrecisionMode.Float32 };
        new Trainer(config, seed.For("train"), work).Fit(model, objective, batches);
        return model;
    }
}
