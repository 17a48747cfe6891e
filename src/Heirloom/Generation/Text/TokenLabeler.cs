using System.Collections.Immutable;
using Heirloom.Encoding;
using Heirloom.Encoding.Stages;
using Heirloom.Models.Heads;
using static TorchSharp.torch;

namespace Heirloom.Generation.Text;

/// <summary>A part of a text and its class.</summary>
/// <param name="Label">The class, without a mark of beginning or inside.</param>
/// <param name="Score">How probable it is: the mean over its words.</param>
/// <param name="Start">First UTF-16 unit in the text.</param>
/// <param name="End">Behind its last one.</param>
public readonly record struct LabeledSpan(string Label, double Score, int Start, int End);

/// <summary>
/// Texts to the classes of their words: a word's class is that of its first token, on which models are trained (Devlin et al. 2019, section 5.3). Classes that mark
/// where a name begins and goes on (<c>B-PER</c>, <c>I-PER</c>; Ramshaw and Marcus 1995) join words, and <c>O</c> is left out then.
/// </summary>
public sealed class TokenLabeler
{
    private const string Outside = "O";

    private readonly TokenClassifier _model;
    private readonly InputEncoder _inputs;
    private readonly ImmutableArray<string> _labels;
    private readonly int _batchSize;
    private readonly bool _marked;

    /// <param name="model">The classifier.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <param name="labels">A name for each class.</param>
    /// <param name="truncate">Whether longer texts are cut and not refused.</param>
    /// <param name="batchSize">Texts that are read at once.</param>
    /// <exception cref="UserError">More or fewer names than classes.</exception>
    public TokenLabeler(TokenClassifier model, Tokenizer tokenizer, ImmutableArray<string> labels, bool truncate = false, int batchSize = 16)
    {
        if (labels.Length != model.Classes)
        {
            throw new UserError($"there are {labels.Length} names for {model.Classes} classes", "labels", "give each class one name");
        }

        (_model, _labels, _batchSize) = (model, labels, batchSize);
        _inputs = new(tokenizer, model.Encoder.ContextLength, truncate);
        _marked = labels.Any(l => l.StartsWith("I-", StringComparison.Ordinal)) && labels.All(l => l == Outside || IsMarked(l));
    }

    /// <summary>Spans of each text, in order.</summary>
    /// <exception cref="UserError">A text that has no tokens or is longer than the context.</exception>
    /// <exception cref="OperationCanceledException">Asked to stop.</exception>
    public IReadOnlyList<IReadOnlyList<LabeledSpan>> Label(IReadOnlyList<string> texts, CancellationToken stop = default)
    {
        var inputs = texts.Select((t, i) => _inputs.Tokenize(t, null, $"text {i + 1}")).ToList();
        var spans = new IReadOnlyList<LabeledSpan>[texts.Count];
        using var frozen = no_grad();
        var wasTraining = _model.training;
        _model.eval();
        try
        {
            foreach (var batch in Enumerable.Range(0, texts.Count).OrderBy(i => inputs[i].Count).Chunk(_batchSize))
            {
                stop.ThrowIfCancellationRequested();
                using var scope = NewDisposeScope();
                var read = _inputs.Batch([.. batch.Select(i => InputEncoder.Of(inputs[i]))], TextEmbedder.ReadsTypes(_model), _model.parameters().First().device);
                var chances_BTC = _model.Classify(read).to(ScalarType.Float64).softmax(-1).cpu();
                for (var i = 0; i < batch.Length; i++)
                {
                    var words = Words(inputs[batch[i]], chances_BTC[i].contiguous().data<double>().ToArray());
                    spans[batch[i]] = _marked ? Joined(words) : words;
                }
            }
        }
        finally
        {
            _model.train(wasTraining);
        }

        return spans;
    }

    /// <summary>Each word with its first token's class; each token by itself where the tokenizer cuts no words.</summary>
    private List<LabeledSpan> Words(TokenizedText tokens, double[] chances)
    {
        var words = new List<LabeledSpan>();
        var whole = tokens.Words.Where(w => w is not null).Distinct().Count() <= 1;
        int? last = null;
        for (var t = 0; t < tokens.Count; t++)
        {
            var (start, end) = tokens.Offsets[t];
            if (tokens.Special[t] || tokens.Words[t] is not { } word || start == end)
            {
                continue;
            }

            if (!whole && word == last)
            {
                words[^1] = words[^1] with { End = end };
                continue;
            }

            last = word;
            var best = Enumerable.Range(0, _labels.Length).MaxBy(c => chances[(t * _labels.Length) + c]);
            words.Add(new(_labels[best], chances[(t * _labels.Length) + best], start, end));
        }

        return words;
    }

    /// <summary>Words of one name together: a beginning, or another class than before, begins a name.</summary>
    private static List<LabeledSpan> Joined(List<LabeledSpan> words)
    {
        var names = new List<LabeledSpan>();
        var (before, count) = (Outside, 0);
        foreach (var word in words)
        {
            if (word.Label != Outside)
            {
                var name = word.Label[2..];
                if (before != Outside && before[2..] == name && word.Label[0] == 'I')
                {
                    count++;
                    names[^1] = names[^1] with { End = word.End, Score = names[^1].Score + ((word.Score - names[^1].Score) / count) };
                }
                else
                {
                    count = 1;
                    names.Add(word with { Label = name });
                }
            }

            before = word.Label;
        }

        return names;
    }

    private static bool IsMarked(string label) => label.Length > 2 && label[1] == '-' && label[0] is 'B' or 'I';
}
