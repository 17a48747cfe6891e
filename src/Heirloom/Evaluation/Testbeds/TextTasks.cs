using Heirloom.Encoding;
using Heirloom.Objectives;

namespace Heirloom.Evaluation.Testbeds;

/// <summary>What studies of adapting a pretrained encoder stand on: general text for the base, labelled tasks for the rest. All of it is in memory.</summary>
public sealed class TextTasks
{
    private TextTasks(Tokenizer tokenizer, IReadOnlyList<IReadOnlyList<int>> general, IReadOnlyList<TextTask> tasks)
    {
        (Tokenizer, General, Tasks) = (tokenizer, general, tasks);
    }

    public Tokenizer Tokenizer { get; }

    /// <summary>The general documents as ids.</summary>
    public IReadOnlyList<IReadOnlyList<int>> General { get; }

    public IReadOnlyList<TextTask> Tasks { get; }

    /// <summary>Ends a document.</summary>
    public int Separator => Tokenizer.EndOfText ?? throw new UserError("the tokenizer has no token that ends a document", "tokenizer");

    /// <summary>Fifteen in a hundred tokens are hidden, in BERT's shares.</summary>
    public MaskingConfig Masking => new()
    {
        MaskToken = Tokenizer.Mask ?? throw new UserError("the tokenizer has no mask", "tokenizer", "set mask"),
        VocabularySize = Tokenizer.VocabularySize,
        SpecialTokens = [.. new[] { Tokenizer.EndOfText, Tokenizer.Padding }.OfType<int>().Distinct()],
    };

    /// <summary>Opens every source (downloading known sets), learns the tokenizer from the general text and encodes everything.</summary>
    /// <exception cref="UserError">A source cannot be opened, a task has a single class or nothing held out, or two tasks have one name.</exception>
    public static TextTasks Open(TextTasksConfig config, WorkContext work)
    {
        if (config.Tasks.GroupBy(t => t.Name).FirstOrDefault(g => g.Count() > 1) is { } twice)
        {
            throw new UserError($"two tasks are called '{twice.Key}'", "tasks", "give each a name of its own");
        }

        string[] general = [.. config.General.Open(work).Read().Select(d => TextTask.Cut(d.Text, config.MaxCharacters))];
        var tokenizer = config.Tokenizer.Train(general, work);
        return new(tokenizer, tokenizer.EncodeBatch(general), [.. config.Tasks.Select(t => TextTask.Open(t, config, tokenizer, work))]);
    }
}
