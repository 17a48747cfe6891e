using Heirloom.Adaptation.Peft;
using Heirloom.Checkpoints;
using Heirloom.Checkpoints.Hub;
using Heirloom.Core.Ranks;
using Heirloom.Data;
using Heirloom.Data.Batching;
using Heirloom.Evaluation.Metrics;
using Heirloom.Models;
using Heirloom.Models.Heads;
using Heirloom.Objectives;
using Heirloom.Training;
using Heirloom.Training.Registry;

namespace Heirloom.Cli.Recipes.Text;

/// <summary>Trains and scores a classifier for every seed; the first seed's is kept.</summary>
internal sealed class FineTuning(FineTuneConfig recipe, StartingPoint start, string weights, string fingerprint, LabelSet labels, WorkContext work) : IPreparedRecipe
{
    private HubRemainder? _remainder;

    public required IReadOnlyList<LabeledIds> Train { get; init; }

    public required IReadOnlyList<LabeledIds> Test { get; init; }

    public required long Parameters { get; init; }

    public IReadOnlyDictionary<string, string> Data => new Dictionary<string, string> { ["labelled"] = fingerprint };

    public IReadOnlyList<string> Parents => recipe.RandomStart ? [] : [weights];

    public long DiskEstimate => Parameters * (4 + (12L * (recipe.Training.KeepSnapshots + 1) * recipe.Seeds));

    public RecipeOutcome Run(RunFolder run)
    {
        var scored = new List<Classifications>();
        string? kept = null;
        for (var i = 0; i < recipe.Seeds; i++)
        {
            var seed = new Seed(recipe.Seed).For("seed", i);
            using var model = Build(seed);
            using var sub = recipe.Seeds == 1 ? null : new TrainingRun(Path.Combine(run.Path, $"seed-{i}"), work.Ranks);
            using var batches = new Prefetched<LabeledTokenBatch>(new LabeledTextBatches(Train, recipe.Batches, Padding, seed.For("data")));
            using var adapter = recipe.Adapter?.Build(model, seed.For("adapter"));
            var objective = Classification.Objective();
            var trainer = new Trainer(recipe.Training, seed.For("training"), work);
            var result = adapter is null
                ? trainer.Fit(model, objective, batches, sub ?? run.Training)
                : trainer.Fit(AdapterTraining.Of(adapter, model), (_, batch, here) => objective(model, batch, here), batches, sub ?? run.Training);
            if (result.StopReason is StopReason.Interrupted or StopReason.Paused)
            {
                return new(Finished: false);
            }

            work.Ranks.Together(() =>
            {
                if (work.Ranks.Leads)
                {
                    scored.Add(Classifications.Of(model, TestBatches, work));
                    kept = i == 0 ? Save(run, model, adapter, result.Steps, scored[0]) : kept;
                }
            });
        }

        return work.Ranks.Together(() => work.Ranks.Leads ? Finish(run, scored, kept) : new(Finished: true));
    }

    public void Dispose()
    {
    }

    private RecipeOutcome Finish(RunFolder run, List<Classifications> scored, string? kept)
    {
        Keep(run, scored);
        return new(Finished: true)
        {
            Weights = kept,
            Scores = new Dictionary<string, double>
            {
                ["accuracy"] = scored.Average(s => s.Accuracy),
                ["macro_f1"] = scored.Average(s => s.MacroF1),
                ["majority_accuracy"] = Test.GroupBy(t => t.Label).Max(g => g.Count()) / (double)Test.Count,
            },
            Next = ["heirloom runs show {run}", "heirloom runs compare {run} <another>"],
        };
    }

    private int Padding => start.Tokenizer.Padding ?? start.Tokenizer.EndOfText ?? 0;

    private LabeledTextBatches TestBatches => new(Test, recipe.Batches with { Shuffle = false }, Padding, new(0));

    private SequenceClassifier Build(Seed seed)
    {
        var loaded = recipe.RandomStart ? null : start.Load<ITokenEncoder>(work);
        _remainder = loaded?.Remainder.WithoutLabels();
        var encoder = loaded?.Model ?? (ITokenEncoder)Checkpoint.ReadConfig(start.Folder).Build(seed.For("encoder"));
        return SequenceClassifier.Over(encoder, labels.Count, seed.For("classifier"), recipe.Pooling, recipe.Dropout);
    }

    private void Keep(RunFolder run, List<Classifications> scored) => new ExampleScores
    {
        Name = "accuracy",
        HigherIsBetter = true,
        Examples = TestBatches.Fingerprint,
        Seeds = [.. Enumerable.Range(0, recipe.Seeds).Select(i => new Seed(recipe.Seed).For("seed", i).Value)],
        Rows = [.. scored.Select(s => s.Correct)],
    }.Write(run.Path);

    private string Save(RunFolder run, SequenceClassifier model, Adapter? adapter, long steps, Classifications score)
    {
        var scores = new Dictionary<string, double> { ["accuracy"] = score.Accuracy, ["macro_f1"] = score.MacroF1 };
        var lineage = Origin.Of(recipe, "fine-tune", steps, Data, [recipe.Source], scores, work, recipe.RandomStart ? [] : [new(weights, start.Folder, "start")]);
        AdapterResult.Save(run, adapter, model, start.Folder, lineage, [start.Tokenizer]);
        return Checkpoint.Save(run.Checkpoint, new() { Model = model, Remainder = _remainder, Labels = [.. labels.Names], Lineage = lineage, Parts = [start.Tokenizer, new LabelNames(labels)] });
    }
}
