using System.ComponentModel.DataAnnotations;
using Heirloom.Adaptation.Peft;
using Heirloom.Data;
using Heirloom.Data.Batching;
using Heirloom.Data.Sources;
using Heirloom.Models;
using Heirloom.Models.Heads;
using Heirloom.Training;

namespace Heirloom.Cli.Recipes.Text;

/// <summary>A classifier of texts on top of a pretrained model, over several seeds.</summary>
[Kind("fine_tune")]
public sealed record FineTuneConfig : RecipeConfig, IExample<FineTuneConfig>
{
    public static FineTuneConfig Example => new()
    {
        Name = "example", From = "runs/example-1/checkpoint", Source = TextSourceConfig.Example, Label = "label",
        Batches = LabeledTextConfig.Example, Training = new() { Steps = 4 },
    };

    /// <summary>A model folder, or a run by its id or name.</summary>
    public required string From { get; init; }

    /// <summary>Keeps architecture and tokenizer and forgets the weights: what the inheritance is compared with.</summary>
    public bool RandomStart { get; init; }

    public required SourceConfig Source { get; init; }

    /// <summary>The field that holds a document's class.</summary>
    public required string Label { get; init; }

    public DocumentSplit Split { get; init; } = new() { Validation = 0, Test = 0.2 };

    /// <summary>Most documents to train on; all when null.</summary>
    [Range(1, int.MaxValue)]
    public int? TrainExamples { get; init; }

    /// <summary>Most documents to score; all when null.</summary>
    [Range(1, int.MaxValue)]
    public int? ScoredExamples { get; init; }

    /// <summary>How many times: each with another head, another order of the documents and, from a random start, other weights.</summary>
    [Range(1, 1000)]
    public int Seeds { get; init; } = 1;

    public Pooling Pooling { get; init; } = Pooling.Mean;

    [Range(0.0, 0.999)]
    public double Dropout { get; init; }

    /// <summary>Trains this alone, beside a model that stays as it is; all of the model when null.</summary>
    public AdapterConfig? Adapter { get; init; }

    public required LabeledTextConfig Batches { get; init; }

    public required TrainingConfig Training { get; init; }

    internal override IPreparedRecipe Prepare(RecipeContext context)
    {
        var start = StartingPoint.Find(From, context);
        var encoder = start.Load<ITokenEncoder>(context.Work);
        try
        {
            if (Batches.MaxLength > encoder.Model.ContextLength)
            {
                throw new UserError($"texts of {Batches.MaxLength} tokens do not fit the model's context of {encoder.Model.ContextLength}", "batches.max_length", $"at most {encoder.Model.ContextLength}");
            }

            Pooling.Check(encoder.Model);
            if (!(Split.Test > 0))
            {
                throw new UserError("no documents are held out to score", "split.test", "give it a share, such as 0.2");
            }

            var source = Source.Open(context.Work);
            TextCorpus.RequireText(source, "source");
            var documents = source.Read().ToList();
            var labels = LabelSet.Of(documents, Label);
            if (Adapter is not null)
            {
                // only to see that it fits
                using var adapter = Adapter.Build(SequenceClassifier.Over(encoder.Model, labels.Count, new(0), Pooling), new(0));
            }

            return new FineTuning(this, start, encoder.WeightsHash, source.Fingerprint, labels, context.Work)
            {
                Train = LabeledCorpus.Encode(documents, labels, start.Tokenizer, Split, SplitPart.Train, TrainExamples),
                Test = LabeledCorpus.Encode(documents, labels, start.Tokenizer, Split, SplitPart.Test, ScoredExamples),
                Parameters = encoder.Model.Module.parameters().Sum(p => p.numel()),
            };
        }
        finally
        {
            encoder.Model.Module.Dispose();
        }
    }
}
