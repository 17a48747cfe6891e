using System.Collections.Immutable;
using Heirloom.Encoding;
using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Generation.Text;

/// <summary>What a classifier's outputs are.</summary>
public enum Scoring
{
    /// <summary>Probabilities of classes of which one is right.</summary>
    OneOf,

    /// <summary>Probabilities of classes of which any number is right.</summary>
    AnyOf,

    /// <summary>Numbers.</summary>
    Number,
}

/// <summary>A class and how probable it is.</summary>
public readonly record struct ScoredLabel(string Label, double Score);

/// <summary>A text and, for a classifier of pairs, the second one.</summary>
public readonly record struct ClassifiedText(string Text, string? Pair = null);

/// <summary>Texts, or pairs of texts, to labels: a classifier with its tokenizer and the names of its classes.</summary>
public sealed class TextClassifier
{
    private readonly IClassifier<TokenInputs> _model;
    private readonly Scoring _scoring;
    private readonly InputEncoder _inputs;
    private readonly int _batchSize;

    /// <param name="model">The classifier.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <param name="context">The longest sequence that the model reads.</param>
    /// <param name="labels">A name for each class.</param>
    /// <param name="scoring">What its outputs are.</param>
    /// <param name="truncate">Whether longer texts are cut and not refused.</param>
    /// <param name="batchSize">Texts that are read at once.</param>
    /// <exception cref="UserError">More or fewer names than classes.</exception>
    public TextClassifier(IClassifier<TokenInputs> model, Tokenizer tokenizer, int context, ImmutableArray<string> labels, Scoring scoring = Scoring.OneOf, bool truncate = false, int batchSize = 16)
    {
        if (labels.Length != model.Classes)
        {
            throw new UserError($"there are {labels.Length} names for {model.Classes} classes", "labels", "give each class one name");
        }

        (_model, _scoring, _batchSize) = (model, scoring, batchSize);
        Labels = labels;
        _inputs = new(tokenizer, context, truncate);
    }

    public ImmutableArray<string> Labels { get; }

    /// <summary>A score for every class, in the order of the classes, for each text.</summary>
    /// <exception cref="UserError">A text that has no tokens or is longer than the context, or a classifier of tokens.</exception>
    /// <exception cref="OperationCanceledException">Asked to stop.</exception>
    public IReadOnlyList<double[]> Scores(IReadOnlyList<ClassifiedText> texts, CancellationToken stop = default)
    {
        var inputs = texts.Select((t, i) => _inputs.Encode(t.Text, t.Pair, $"text {i + 1}")).ToList();
        var scores = new double[texts.Count][];
        using var frozen = no_grad();
        var wasTraining = _model.Module.training;
        _model.Module.eval();
        try
        {
            foreach (var batch in Enumerable.Range(0, texts.Count).OrderBy(i => inputs[i].Ids.Length).Chunk(_batchSize))
            {
                stop.ThrowIfCancellationRequested();
                var values = Classify([.. batch.Select(i => inputs[i])]);
                for (var i = 0; i < batch.Length; i++)
                {
                    scores[batch[i]] = values[(i * Labels.Length)..((i + 1) * Labels.Length)];
                }
            }
        }
        finally
        {
            _model.Module.train(wasTraining);
        }

        return scores;
    }

    /// <summary>The classes of one text's scores, most probable first.</summary>
    public IReadOnlyList<ScoredLabel> Ranked(double[] scores) => [.. Labels.Zip(scores, (label, score) => new ScoredLabel(label, score)).OrderByDescending(l => l.Score)];

    private double[] Classify(IReadOnlyList<EncodedInput> batch)
    {
        using var scope = NewDisposeScope();
        var logits = _model.Classify(_inputs.Batch(batch, TextEmbedder.ReadsTypes(_model), _model.Module.parameters().First().device)).to(ScalarType.Float64);
        if (logits.dim() != 2)
        {
            throw new UserError("the model classifies tokens and not texts", mend: "name a classifier of texts");
        }

        return (_scoring switch { Scoring.OneOf => logits.softmax(-1), Scoring.AnyOf => logits.sigmoid(), _ => logits }).cpu().contiguous().data<double>().ToArray();
    }
}
