using Heirloom.Data;
using Heirloom.Data.Batching;
using Heirloom.Encoding;
using Heirloom.Evaluation.Metrics;
using Heirloom.Models;
using Heirloom.Models.Heads;
using Heirloom.Objectives;
using Heirloom.Training;

namespace Heirloom.Evaluation.Testbeds;

/// <summary>A labelled body of text, tokenized, with a held-out part.</summary>
public sealed class TextTask
{
    private readonly int _padding;

    private TextTask(string name, LabelSet labels, IReadOnlyList<LabeledIds> train, IReadOnlyList<LabeledIds> test, int padding)
    {
        (Name, Labels, Train, Test, _padding) = (name, labels, train, test, padding);
    }

    public string Name { get; }

    public LabelSet Labels { get; }

    /// <summary>All texts that are not held out.</summary>
    public IReadOnlyList<LabeledIds> Train { get; }

    /// <summary>The held-out texts that are scored.</summary>
    public IReadOnlyList<LabeledIds> Test { get; }

    /// <summary>Draws the task's own training texts; the rest is what is left of the domain.</summary>
    /// <exception cref="UserError">The rest would be smaller than the task.</exception>
    public (IReadOnlyList<LabeledIds> Own, IReadOnlyList<LabeledIds> Remainder) Divide(int own, Seed seed)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(own);
        if (2 * own > Train.Count)
        {
            throw new UserError($"{own} of {Train.Count} texts leave a domain smaller than the task", Name, $"take at most {Train.Count / 2}");
        }

        var order = new Permutation(Train.Count, seed);
        LabeledIds[] shuffled = [.. Enumerable.Range(0, Train.Count).Select(i => Train[(int)order[i]])];
        return (shuffled[..own], shuffled[own..]);
    }

    /// <summary>Trains a classifier over a copy of an encoder; texts are cut to the encoder's context.</summary>
    /// <param name="encoder">Pretrained; stays as it is.</param>
    /// <param name="examples">Labelled texts of this task.</param>
    /// <param name="config">Budget and optimizer.</param>
    /// <param name="seed">The classifier's first weights, order, dropout.</param>
    /// <param name="work">Where to compute.</param>
    public SequenceClassifier FineTune<TEncoder>(TEncoder encoder, IReadOnlyList<LabeledIds> examples, FineTuningConfig config, Seed seed, WorkContext work)
        where TEncoder : class, ITokenEncoder
    {
        var model = SequenceClassifier.Over(encoder.Copy(), Labels.Count, seed, config.Pooling, config.Dropout);
        model.train();
        var batches = Batches(examples, encoder.ContextLength, config.BatchSize, shuffle: true, seed.For("order"));
        new Trainer(config.Training, seed.For("training"), work).Fit(model, Classification.Objective(), batches);
        return model;
    }

    /// <summary>What a classifier says of the held-out texts.</summary>
    /// <param name="model">A classifier of this task's classes.</param>
    /// <param name="contextLength">Texts are cut to it.</param>
    /// <param name="work">Where to compute.</param>
    public Classifications Score(IClassifier<TokenInputs> model, int contextLength, WorkContext work) => Score(model, Test, contextLength, work);

    /// <summary>What a classifier says of texts, for choosing among several on texts that are not held out.</summary>
    /// <param name="model">A classifier of this task's classes.</param>
    /// <param name="examples">Labelled texts of this task.</param>
    /// <param name="contextLength">Texts are cut to it.</param>
    /// <param name="work">Where to compute.</param>
    public Classifications Score(IClassifier<TokenInputs> model, IReadOnlyList<LabeledIds> examples, int contextLength, WorkContext work) =>
        Classifications.Of(model, Batches(examples, contextLength, 128, shuffle: false, new(0)), work);

    internal static TextTask Open(TextTaskConfig config, TextTasksConfig all, Tokenizer tokenizer, WorkContext work)
    {
        var documents = config.Source.Open(work).Read().Where(d => !string.IsNullOrWhiteSpace(d.Text)).ToList();
        var labels = LabelSet.Of(documents, config.Field);
        var ids = tokenizer.EncodeBatch([.. documents.Select(d => Cut(d.Text, all.MaxCharacters))]);
        var parts = documents.Zip(ids, (d, i) => (Part: all.Split.PartOf(d.Text), Example: new LabeledIds(i, labels.Of(d)))).ToLookup(p => p.Part, p => p.Example);
        LabeledIds[] test = [.. parts[SplitPart.Test]];
        if (test.Length == 0)
        {
            throw new UserError("no text is held out", config.Name, "give it more documents or hold out more of them");
        }

        // a source may be sorted by class, so that its first texts would not stand for it
        new Seed(0).For("test").Random().Shuffle<LabeledIds>(test);
        var padding = tokenizer.Padding ?? tokenizer.EndOfText ?? 0;
        return new(config.Name, labels, [.. parts[SplitPart.Train]], test[..Math.Min(test.Length, all.MaxTestExamples)], padding);
    }

    internal static string Cut(string text, int most) => text.Length <= most ? text : text[..(char.IsHighSurrogate(text[most - 1]) ? most - 1 : most)];

    private LabeledTextBatches Batches(IReadOnlyList<LabeledIds> examples, int length, int rows, bool shuffle, Seed seed) =>
        new(examples, new() { BatchSize = rows, MaxLength = length, Shuffle = shuffle }, _padding, seed);
}
