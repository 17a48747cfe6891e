using Heirloom.Checkpoints;
using Heirloom.Cli.Recipes.Text;
using Heirloom.Cli.Verbs.Tokenizers;
using Heirloom.Data;
using Heirloom.Data.Batching;
using Heirloom.Data.Sources;
using Heirloom.Data.Tokens;
using Heirloom.Encoding;
using Heirloom.Evaluation.Metrics;
using Heirloom.Models;

namespace Heirloom.Cli.Verbs.Model;

/// <summary>Held-out data by which models are chosen: text for language models, labelled documents for classifiers.</summary>
/// <param name="folder">A model, whose tokenizer and labels all have.</param>
/// <param name="files">Text, JSONL or Parquet.</param>
/// <param name="rows">Rows or documents that are scored at most.</param>
/// <param name="work">Where to compute.</param>
internal sealed class Validation(string folder, IReadOnlyList<string> files, int rows, WorkContext work)
{
    private readonly Lazy<Tokenizer> _tokenizer = new(() => TokenizerFile.Load(folder));

    /// <summary>Higher is better: the accuracy of a classifier, less the nats that a language model pays for a token.</summary>
    /// <exception cref="UserError">The model is neither.</exception>
    public double Score(IModel model) => model switch
    {
        IClassifier<TokenInputs> classifier => Accuracy(classifier),
        ICausalLM => -Losses(new CausalObjective(), model).Mean,
        IMaskedLM => -Losses(new MaskedObjective(), model).Mean,
        _ => throw new UserError($"a {model.GetType().Name} is neither a language model nor a classifier of texts", folder, "score it yourself, and give --scale"),
    };

    /// <summary>A score in words.</summary>
    public static string Words(IModel model, double score) => model is IClassifier<TokenInputs> ? FormattableString.Invariant($"accuracy {score:0.0000}") : FormattableString.Invariant($"perplexity {Math.Exp(-score):0.000}");

    /// <summary>The least score that keeps so much of another: of accuracy that share, of perplexity no more than that many times as much.</summary>
    public static double Least(IModel model, double score, double keep) => model is IClassifier<TokenInputs> ? keep * score : score + Math.Log(keep);

    private TokenLosses Losses(TextObjectiveConfig objective, IModel model)
    {
        var ids = _tokenizer.Value.Unlimited().EncodeBatch([.. CorpusFiles.Read(files, work)]);
        var context = Math.Min(((ITokenEncoder)model).ContextLength, 512);
        var text = new InMemoryRows([.. ids.Where(i => i.Length > 0)], context, _tokenizer.Value.EndOfText ?? _tokenizer.Value.Padding ?? 0, new Seed(0));
        // always the same rows
        TokenRow[] chosen = [.. Enumerable.Range(0, (int)Math.Min(rows, text.RowsPerEpoch ?? rows)).Select(i => text.Row(i))];
        return objective.For(model, _tokenizer.Value).Score(new ExampleBatches<TokenRow, TokenBatch>(chosen, 16, shuffle: false, new Seed(0), (r, _) => TokenRow.Collate(r), "validation"), work);
    }

    private double Accuracy(IClassifier<TokenInputs> model)
    {
        var documents = files.SelectMany(f => new JsonlSourceConfig { Path = f }.Open(work).Read()).ToList();
        var examples = LabeledCorpus.Encode(documents, LabelNames.Read(folder), _tokenizer.Value, new DocumentSplit(), part: null, rows);
        var context = (model as ITokenEncoder)?.ContextLength ?? 512;
        return Classifications.Of(model, new LabeledTextBatches(examples, new() { BatchSize = 16, MaxLength = Math.Min(context, 512), Shuffle = false }, _tokenizer.Value.Padding ?? _tokenizer.Value.EndOfText ?? 0, new(0)), work).Accuracy;
    }

    /// <summary>Scores a folder.</summary>
    public (double Score, string Words) Score(string model)
    {
        var loaded = Checkpoint.Load(model, new() { Device = work.Device });
        using var module = loaded.Model.Module;
        var score = Score(loaded.Model);
        return (score, Words(loaded.Model, score));
    }
}
