using System.CommandLine;
using Heirloom.Encoding.Extending;
using Heirloom.Reuse.Vocabularies;

namespace Heirloom.Cli.Verbs.Tokenizers;

/// <summary><c>heirloom tokenizer extend PATH</c>: more tokens, and for a model's folder rows for them.</summary>
internal static class TokenizerExtend
{
    public static Command Build(CliContext context)
    {
        var path = new Argument<string>("path") { Description = "a model folder, a run, or a tokenizer" };
        var tokens = new Option<string?>("--tokens") { Description = "a file with a token a line, matched as it stands" };
        var from = new Option<string[]>("--from") { Description = "a domain's text, from which tokens are learned; files or patterns", AllowMultipleArgumentsPerToken = true };
        var count = new Option<int>("--count") { Description = "tokens to learn at most", DefaultValueFactory = _ => 1000 };
        var frequency = new Option<long>("--min-frequency") { Description = "how often a learned token must be used", DefaultValueFactory = _ => 8 };
        var rows = new Option<NewRows>("--init") { Description = "how the model's new rows begin: mean (of the pieces' rows) or gaussian", DefaultValueFactory = _ => NewRows.Mean };
        var seed = new Option<ulong>("--seed") { Description = "what is drawn depends on it alone", DefaultValueFactory = _ => 1 };
        var output = TokenizerVerb.Out();
        var command = new Command("extend", "Add tokens to a tokenizer, and to its model's embeddings") { path, tokens, from, count, frequency, rows, seed, output };
        command.SetAction(parsed => context.Work(work =>
        {
            var (list, corpus) = (parsed.GetValue(tokens), parsed.GetValue(from) ?? []);
            if (list is null == (corpus.Length == 0))
            {
                throw new UserError("say where tokens come from", "tokenizer extend", "either --tokens FILE or --from FILES");
            }

            if (parsed.GetValue(count) < 1 || parsed.GetValue(frequency) < 1)
            {
                throw new UserError("must be at least 1", parsed.GetValue(count) < 1 ? count.Name : frequency.Name);
            }

            var start = ModelPart.Find(parsed.GetRequiredValue(path), work, context);
            var extended = list is not null
                ? TokenizerExtension.Add(start.Tokenizer, Lines(list))
                : TokenizerExtension.Learn(start.Tokenizer, CorpusFiles.Read(corpus, work), new() { Count = parsed.GetValue(count), MinFrequency = parsed.GetValue(frequency) }, work);
            if (extended.Added.IsEmpty)
            {
                throw new UserError("there is nothing to add: the tokenizer has these tokens already", list ?? corpus[0]);
            }

            start.Write(parsed.GetRequiredValue(output), extended.Tokenizer, "extend-vocabulary", new Seed(parsed.GetValue(seed)), $"added: {extended.Added.Length}\ninit: {parsed.GetValue(rows).ToString().ToLowerInvariant()}\n", work, model =>
                VocabularyRows.Grow(model, extended.Added.Select(t => (t.Id, (IReadOnlyList<int>)t.Pieces)), new Seed(parsed.GetValue(seed)), parsed.GetValue(rows)));
            context.Line($"{extended.Added.Length} tokens added, {extended.Tokenizer.VocabularySize} in all, in {parsed.GetRequiredValue(output)}");
            return ExitCode.Ok;
        }));
        return command;
    }

    private static IEnumerable<string> Lines(string file) => File.Exists(file) ? File.ReadLines(file).Where(l => l.Length > 0) : throw new UserError("no such file", file);
}
