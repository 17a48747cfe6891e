using System.ComponentModel.DataAnnotations;
using Heirloom.Data;
using Heirloom.Data.Tokens;
using Heirloom.Models;
using Heirloom.Objectives;
using Heirloom.Training;

namespace Heirloom.Continual.Pretraining;

/// <summary>How a masked language model is trained on a body of text, from scratch or further.</summary>
public sealed record AdaptivePretrainingConfig : IExample<AdaptivePretrainingConfig>
{
    public static AdaptivePretrainingConfig Example => new() { Training = TrainingConfig.Example, BatchSize = 2 };

    public required TrainingConfig Training { get; init; }

    /// <summary>Rows of the model's context length a batch.</summary>
    [Range(1, 1 << 20)]
    public required int BatchSize { get; init; }
}

/// <summary>
/// Continued masked language modelling on unlabelled text with dynamic masking. On much text of a domain it is domain-adaptive pretraining (DAPT), on a
/// task's own unlabelled text task-adaptive pretraining (TAPT); one after the other is their combination (Gururangan et al. 2020, §3 and §4).
/// </summary>
/// <param name="config">Budget and optimizer.</param>
/// <param name="masking">What is hidden, anew every step.</param>
/// <param name="separator">The token that ends a document.</param>
/// <param name="work">Where to compute and report.</param>
public sealed class AdaptivePretraining(AdaptivePretrainingConfig config, MaskingConfig masking, int separator, WorkContext work)
{
    /// <summary>A trained copy; the model itself stays as it was. The caller disposes the copy.</summary>
    /// <param name="model">Where to start.</param>
    /// <param name="documents">Unlabelled text as ids; as many epochs of it as the budget of steps makes.</param>
    /// <param name="seed">Order of the text and what is hidden.</param>
    public TModel Continue<TModel>(TModel model, IReadOnlyList<IReadOnlyList<int>> documents, Seed seed) where TModel : class, IMaskedLM
    {
        var copy = model.Copy();
        Train(copy, documents, seed);
        return copy;
    }

    /// <summary>Trains in place.</summary>
    /// <inheritdoc cref="Continue"/>
    public TrainingResult Train(IMaskedLM model, IReadOnlyList<IReadOnlyList<int>> documents, Seed seed)
    {
        model.Module.train();
        IBatches<TokenBatch> batches = new InMemoryRows(documents, model.ContextLength, separator, seed.For("rows")).Batches(config.BatchSize);
        return new Trainer(config.Training, seed.For("training"), work).Fit(model, MaskedLM.Objective(masking), batches);
    }
}
