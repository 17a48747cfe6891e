using System.Collections.Immutable;
using Heirloom.Data;
using Heirloom.Data.Batching;
using Heirloom.Encoding;
using Heirloom.Evaluation.Metrics;

namespace Heirloom.Evaluation.Testbeds;

/// <summary>A labelled body of text as prompts and answers: text to text, for models of any architecture.</summary>
public sealed class PromptedTask
{
    private readonly ImmutableArray<(int[] Before, int[] After, int[][] Answers)> _prompts;
    private readonly int _end;

    private PromptedTask(string name, ImmutableArray<(int[] Before, int[] After, int[][] Answers)> prompts, IReadOnlyList<LabeledIds> train, IReadOnlyList<LabeledIds> test, int end)
    {
        (Name, _prompts, Train, Test, _end) = (name, prompts, train, test, end);
    }

    public string Name { get; }

    /// <summary>Texts to train on, as many of each class.</summary>
    public IReadOnlyList<LabeledIds> Train { get; }

    /// <summary>Held-out texts, as many of each class.</summary>
    public IReadOnlyList<LabeledIds> Test { get; }

    public int Prompts => _prompts.Length;

    /// <summary>Reads the source and encodes what is used of it.</summary>
    /// <param name="config">The task.</param>
    /// <param name="tokenizer">With a token that ends a text.</param>
    /// <param name="work">Where to read.</param>
    /// <exception cref="UserError">A prompt without its text or with too few answers, or a class without texts on either side.</exception>
    public static PromptedTask Open(PromptedTaskConfig config, Tokenizer tokenizer, WorkContext work)
    {
        var end = tokenizer.EndOfText ?? throw new UserError("no token ends a text", "tokenizer");
        Document[] documents = [.. config.Source.Open(work).Read().Where(d => !string.IsNullOrWhiteSpace(d.Text))];
        var labels = LabelSet.Of(documents, config.Field);
        if (config.Prompts.IsDefaultOrEmpty)
        {
            throw new UserError("has no prompt", config.Name, "give it one at least");
        }

        // a source may be sorted by class or date, so that its first texts would not stand for it
        new Seed(0).For("documents").Random().Shuffle<Document>(documents);
        var parts = documents.ToLookup(d => config.Split.PartOf(d.Text));
        return new(
            config.Name,
            [.. config.Prompts.Select(p => Parse(p, labels, tokenizer, config.Name))],
            Balanced(parts[SplitPart.Train], labels, config, tokenizer),
            Balanced(parts[SplitPart.Test], labels, config, tokenizer),
            end);
    }

    /// <summary>Prompts with their right answers and the end; every training text comes once, its prompts in turn.</summary>
    /// <param name="maxLength">Tokens of prompt and answer together.</param>
    public IReadOnlyList<SequencePair> Pairs(int maxLength) => [.. Train.Select((text, i) =>
    {
        var prompt = i / _prompts[0].Answers.Length % Prompts; // the next prompt when all classes have had one: a prompt must not tell the class
        return new SequencePair(Prompt(text, prompt, maxLength), [.. Answers(prompt)[(int)text.Label], _end]);
    })];

    /// <summary>Held-out texts as questions, every one with every prompt.</summary>
    /// <param name="maxLength">Tokens of prompt and answer together.</param>
    public IReadOnlyList<RankedQuestion> Questions(int maxLength) =>
        [.. Test.SelectMany(text => Enumerable.Range(0, Prompts).Select(p => new RankedQuestion(Prompt(text, p, maxLength), Answers(p), (int)text.Label)))];

    private IReadOnlyList<IReadOnlyList<long>> Answers(int prompt) => [.. _prompts[prompt].Answers.Select(a => a.Select(id => (long)id).ToArray())];

    private long[] Prompt(LabeledIds text, int prompt, int maxLength)
    {
        var (before, after, answers) = _prompts[prompt];
        var room = maxLength - before.Length - after.Length - answers.Max(a => a.Length) - 1;
        return room > 0
            ? [.. before.Concat(text.Ids.Take(room)).Concat(after).Select(id => (long)id)]
            : throw new UserError($"a prompt leaves no room for a text in {maxLength} tokens", Name, "shorten it or lengthen the context");
    }

    private static (int[] Before, int[] After, int[][] Answers) Parse(PromptConfig prompt, LabelSet labels, Tokenizer tokenizer, string name)
    {
        var parts = prompt.Text.Split("{text}");
        if (parts.Length != 2)
        {
            throw new UserError($"the prompt \"{prompt.Text}\" must hold {{text}} once", name);
        }

        if (prompt.Answers.IsDefault || prompt.Answers.Length != labels.Count || prompt.Answers.Any(string.IsNullOrEmpty))
        {
            throw new UserError($"a prompt needs an answer for each of the {labels.Count} classes", name, $"in the order {string.Join(", ", labels.Names)}");
        }

        return (tokenizer.Encode(parts[0]), tokenizer.Encode(parts[1]), [.. prompt.Answers.Select(a => tokenizer.Encode(a))]);
    }

    private static LabeledIds[] Balanced(IEnumerable<Document> documents, LabelSet labels, PromptedTaskConfig config, Tokenizer tokenizer)
    {
        var classes = documents.ToLookup(labels.Of);
        var each = Math.Min(config.MaxPerClass, Enumerable.Range(0, labels.Count).Min(c => classes[c].Count()));
        if (each == 0)
        {
            throw new UserError("a class has no texts to train on, or none that are held out", config.Name, "give it more documents, or change the split");
        }

        var chosen = Enumerable.Range(0, each).SelectMany(i => Enumerable.Range(0, labels.Count).Select(c => (Label: c, classes[c].ElementAt(i).Text))).ToList();
        var ids = tokenizer.EncodeBatch([.. chosen.Select(c => TextTask.Cut(c.Text, 4000))]);
        return [.. chosen.Zip(ids, (c, i) => new LabeledIds(i, c.Label))];
    }
}
