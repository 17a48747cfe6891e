using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using Heirloom.Adaptation.Peft;
using Heirloom.Checkpoints;
using Heirloom.Checkpoints.Hub;
using Heirloom.Core.Ranks;
using Heirloom.Data;
using Heirloom.Data.Batching;
using Heirloom.Data.Tokens;
using Heirloom.Encoding;
using Heirloom.Models;
using Heirloom.Training;
using Heirloom.Training.Hooks;
using Heirloom.Training.Registry;
using TorchSharp;

namespace Heirloom.Cli.Recipes.Text;

/// <summary>What recipes that train a language model share.</summary>
public abstract record TextTrainingConfig : RecipeConfig
{
    /// <summary>What to train on.</summary>
    public required ImmutableArray<NamedSource> Sources { get; init; }

    /// <summary>How each source is divided.</summary>
    public DocumentSplit Split { get; init; } = new();

    /// <summary>Rows and batches.</summary>
    public required PackingConfig Packing { get; init; }

    public TextObjectiveConfig Objective { get; init; } = new CausalObjective();

    public required TrainingConfig Training { get; init; }

    /// <summary>Most held-out rows to score of each source.</summary>
    [Range(1, 1_000_000)]
    public int ScoredRows { get; init; } = 500;

    private protected void CheckText(IModel model, ITokenizer tokenizer, string modelName)
    {
        if (Split.Validation + Split.Test >= 1)
        {
            throw new UserError($"validation {Split.Validation} and test {Split.Test} leave nothing to train on", "split", "their sum must be below 1");
        }

        var rows = model switch { ITokenEncoder e => e.VocabularySize, ISequenceToSequenceLM s => s.VocabularySize, _ => throw new UserError($"a {model.GetType().Name} reads no tokens", modelName, "choose a text model") };
        VocabularyCheck.Require(tokenizer.VocabularySize, rows, modelName);
        if (model is ITokenEncoder { ContextLength: var longest } && Packing.ContextLength > longest)
        {
            throw new UserError($"rows of {Packing.ContextLength} tokens do not fit the model's context of {longest}", "packing.context_length", $"at most {longest}");
        }
    }
}

/// <summary>A model, its text and its objective, ready to train.</summary>
internal sealed class TextTraining(TextTrainingConfig recipe, string method, IModel model, Tokenizer tokenizer, TextObjective objective, WorkContext work) : IPreparedRecipe
{
    private readonly List<TextCorpus> _scored = [];
    private readonly Seed _seed = new(recipe.Seed);

    /// <summary>Where each row of training comes from.</summary>
    public required Func<Seed, IBatches<TokenBatch>> Batches { get; init; }

    /// <summary>Corpora that are scored, all of them owned.</summary>
    public required IReadOnlyList<TextCorpus> Scored
    {
        get => _scored;
        init => _scored = [.. value];
    }

    /// <summary>The checkpoint that it started from.</summary>
    public LineageParent? Parent { get; init; }

    /// <summary>What that checkpoint says besides to other tools.</summary>
    public HubRemainder? Remainder { get; init; }

    /// <summary>What is trained beside the model; owned. All of the model is trained when null.</summary>
    public Adapter? Adapter { get; init; }

    /// <summary>Sources, for their licences.</summary>
    public required IReadOnlyList<SourceConfig> Sources { get; init; }

    public IReadOnlyDictionary<string, string> Data => _scored.ToDictionary(c => c.Name, c => c.Fingerprint);

    public IReadOnlyList<string> Parents => Parent is null ? [] : [Parent.Weights];

    /// <summary>Weights, and in each snapshot weights with two moments of float32.</summary>
    public long DiskEstimate => model.Module.parameters().Sum(p => p.numel()) * (4 + (12L * (recipe.Training.KeepSnapshots + 1)));

    public RecipeOutcome Run(RunFolder run)
    {
        var scores = new SortedDictionary<string, double>(StringComparer.Ordinal);
        if (Parent is not null)
        {
            work.Ranks.Together(() =>
            {
                if (work.Ranks.Leads)
                {
                    Score("perplexity_before", scores, run: null);
                }
            });
        }

        using var batches = new Prefetched<TokenBatch>(Batches(_seed.For("data")));
        var watch = _scored.Any(c => HeldOut(c, SplitPart.Validation) is not null) ? new[] { new EvaluateEvery(Watch) } : [];
        var trainer = new Trainer(recipe.Training, _seed.For("training"), work);
        var result = Adapter is null
            ? trainer.Fit(model, objective.Train, batches, run.Training, watch)
            : trainer.Fit<IModel, TokenBatch>(AdapterTraining.Of(Adapter, model), (_, batch, here) => objective.Train(model, batch, here), batches, run.Training, watch);
        if (result.StopReason is StopReason.Interrupted or StopReason.Paused)
        {
            return new(Finished: false);
        }

        return work.Ranks.Together(() => work.Ranks.Leads ? Finish(run, result, scores) : new(Finished: true));
    }

    public void Dispose()
    {
        _scored.ForEach(c => c.Dispose());
        Adapter?.Dispose();
        model.Module.Dispose();
    }

    /// <summary>Scores and saves.</summary>
    private RecipeOutcome Finish(RunFolder run, TrainingResult result, SortedDictionary<string, double> scores)
    {
        Score("perplexity", scores, run);
        var lineage = Origin.Of(recipe, method, result.Steps, Data, Sources, scores, work, Parent is null ? [] : [Parent]);
        AdapterResult.Save(run, Adapter, model, Parent?.Path, lineage, [tokenizer]);
        var weights = Checkpoint.Save(run.Checkpoint, new() { Model = model, Remainder = Remainder, Lineage = lineage, Parts = [tokenizer] });
        return new(Finished: true) { Weights = weights, Scores = scores, Next = ["heirloom runs show {run}", "heirloom runs report {run}"] };
    }

    private Dictionary<string, double> Watch() => _scored.Select(c => (c.Name, Rows: HeldOut(c, SplitPart.Validation))).Where(c => c.Rows is not null)
        .ToDictionary(c => $"validation_loss/{c.Name}", c => objective.Score(c.Rows!, work).Mean);

    /// <summary>Perplexities of the test parts; with a run, their rows are kept for statistics.</summary>
    private void Score(string title, SortedDictionary<string, double> scores, RunFolder? run)
    {
        foreach (var corpus in _scored)
        {
            if (HeldOut(corpus, SplitPart.Test) is not { } rows)
            {
                continue;
            }

            using var task = work.Progress.Begin($"scoring {corpus.Name}");
            model.Module.to(work.Device);
            var losses = objective.Score(rows, work);
            scores[$"{title}/{corpus.Name}"] = losses.Perplexity;
            if (run is not null)
            {
                new ExampleScores { Name = $"loss/{corpus.Name}", Examples = $"{recipe.Objective.GetType().Name} {rows.Fingerprint}", Seeds = [recipe.Seed], Rows = [losses.ByRow] }.Write(run.Path);
            }
        }
    }

    private IBatches<TokenBatch>? HeldOut(TextCorpus corpus, SplitPart part) =>
        corpus.HeldOut(part, recipe.Packing.ContextLength, recipe.Packing.BatchSize, recipe.ScoredRows);
}
