using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using Heirloom.Data;
using Heirloom.Data.Batching;
using Heirloom.Evaluation.Metrics;
using Heirloom.Models;
using Heirloom.Training.Registry;

namespace Heirloom.Cli.Recipes.Text;

/// <summary>Scores a checkpoint: perplexity of a language model, accuracy of a classifier. Whole sources are scored, nothing is held back.</summary>
[Kind("evaluate")]
public sealed record EvaluateConfig : RecipeConfig, IExample<EvaluateConfig>
{
    public static EvaluateConfig Example => new() { Name = "example", From = "runs/example-1/checkpoint", Sources = [NamedSource.Example], ContextLength = 32 };

    /// <summary>A model folder, or a run by its id or name.</summary>
    public required string From { get; init; }

    public required ImmutableArray<NamedSource> Sources { get; init; }

    /// <summary>Tokens a row.</summary>
    [Range(1, 1 << 20)]
    public required int ContextLength { get; init; }

    [Range(1, 1 << 20)]
    public int BatchSize { get; init; } = 16;

    /// <summary>Most rows, or labelled documents, of each source.</summary>
    [Range(1, 1_000_000)]
    public int ScoredRows { get; init; } = 2000;

    public TextObjectiveConfig Objective { get; init; } = new CausalObjective();

    /// <summary>The part of each source to score; all of it when null. A run's own text must be scored on <c>test</c>.</summary>
    public SplitPart? Part { get; init; }

    public DocumentSplit Split { get; init; } = new();

    internal override IPreparedRecipe Prepare(RecipeContext context)
    {
        if (context.Work.Ranks.Count > 1)
        {
            throw new UserError("an evaluation is not divided among processes", "mpirun", "start it once");
        }

        NamedSource.Check(Sources, "sources");
        var start = StartingPoint.Find(From, context);
        var loaded = start.Load<IModel>(context.Work);
        try
        {
            var longest = loaded.Model switch { ITokenEncoder e => e.ContextLength, _ => int.MaxValue };
            if (ContextLength > longest)
            {
                throw new UserError($"rows of {ContextLength} tokens do not fit the model's context of {longest}", "context_length", $"at most {longest}");
            }

            var sources = Sources.Select(s => (s.Name, Text: s.Source.Open(context.Work))).ToList();
            sources.ForEach(s => TextCorpus.RequireText(s.Text, s.Name));
            Action<RunFolder, IDictionary<string, double>> score = loaded.Model is IClassifier<TokenInputs> classifier
                ? (run, scores) => sources.ForEach(s => Classify(classifier, s.Name, s.Text, start, run, scores, context.Work))
                : Perplexities(Objective.For(loaded.Model, start.Tokenizer), sources, start, context.Work);
            return new Prepared(loaded.Model, loaded.WeightsHash, sources.ToDictionary(s => s.Name, s => s.Text.Fingerprint), score);
        }
        catch
        {
            loaded.Model.Module.Dispose();
            throw;
        }
    }

    private Action<RunFolder, IDictionary<string, double>> Perplexities(TextObjective objective, List<(string Name, IDocumentSource Text)> sources, StartingPoint start, WorkContext work) => (run, scores) =>
    {
        foreach (var (name, text) in sources)
        {
            var part = Part is { } p ? Split.Take(text, p) : text;
            TextCorpus.RequireText(part, name);
            using var file = Encoding.TokenizedCorpus.Open(part, start.Tokenizer, work);
            var rows = new Data.Tokens.EvaluationBatches(file, new() { ContextLength = ContextLength, BatchSize = BatchSize, MaxWindows = ScoredRows });
            using var task = work.Progress.Begin($"scoring {name}");
            var losses = objective.Score(rows, work);
            scores[$"perplexity/{name}"] = losses.Perplexity;
            new ExampleScores { Name = $"loss/{name}", Examples = $"{Objective.GetType().Name} {rows.Fingerprint}", Seeds = [Seed], Rows = [losses.ByRow] }.Write(run.Path);
        }
    };

    private void Classify(IClassifier<TokenInputs> model, string name, IDocumentSource text, StartingPoint start, RunFolder run, IDictionary<string, double> scores, WorkContext work)
    {
        var labels = LabelNames.Read(start.Folder);
        var examples = LabeledCorpus.Encode([.. text.Read()], labels, start.Tokenizer, Split, Part, ScoredRows);
        var batches = new LabeledTextBatches(examples, new() { BatchSize = BatchSize, MaxLength = ContextLength, Shuffle = false }, start.Tokenizer.Padding ?? start.Tokenizer.EndOfText ?? 0, new(0));
        var result = Classifications.Of(model, batches, work);
        (scores[$"accuracy/{name}"], scores[$"macro_f1/{name}"]) = (result.Accuracy, result.MacroF1);
        new ExampleScores { Name = $"accuracy/{name}", HigherIsBetter = true, Examples = batches.Fingerprint, Seeds = [Seed], Rows = [result.Correct] }.Write(run.Path);
    }

    private sealed class Prepared(IModel model, string weights, IReadOnlyDictionary<string, string> data, Action<RunFolder, IDictionary<string, double>> score) : IPreparedRecipe
    {
        public IReadOnlyDictionary<string, string> Data => data;

        public IReadOnlyList<string> Parents => [weights];

        public long DiskEstimate => 1 << 20;

        public RecipeOutcome Run(RunFolder run)
        {
            var scores = new SortedDictionary<string, double>(StringComparer.Ordinal);
            score(run, scores);
            return new(Finished: true) { Scores = scores, Next = ["heirloom runs show {run}"] };
        }

        public void Dispose() => model.Module.Dispose();
    }
}
