using System.CommandLine;
using System.Globalization;
using Heirloom.Encoding;
using Heirloom.Encoding.Extending;
using Heirloom.Reuse.Vocabularies;

namespace Heirloom.Cli.Verbs.Tokenizers;

/// <summary><c>heirloom tokenizer transplant MODEL TOKENIZER</c>: a model with another tokenizer's vocabulary.</summary>
internal static class TokenizerTransplant
{
    public static Command Build(CliContext context)
    {
        var path = new Argument<string>("model") { Description = "a model folder or a run" };
        var other = new Argument<string>("tokenizer") { Description = "the tokenizer that the model is to have" };
        var vectors = new Option<string?>("--vectors") { Description = "vectors of tokens, a line each (token and numbers): tokens that are not shared become means of the nearest instead of their pieces" };
        var nearest = new Option<int>("--nearest") { Description = "with --vectors: how many tokens share a new one", DefaultValueFactory = _ => 10 };
        var temperature = new Option<double>("--temperature") { Description = "with --vectors: low lets the nearest decide", DefaultValueFactory = _ => 0.1 };
        var seed = new Option<ulong>("--seed") { Description = "what is drawn depends on it alone", DefaultValueFactory = _ => 1 };
        var output = TokenizerVerb.Out();
        var command = new Command("transplant", "Give a model another tokenizer: shared tokens keep their rows, others begin from what is known of them") { path, other, vectors, nearest, temperature, seed, output };
        command.SetAction(parsed => context.Work(work =>
        {
            if (parsed.GetValue(nearest) < 1 || !(parsed.GetValue(temperature) > 0))
            {
                throw new UserError("must be greater than 0", parsed.GetValue(nearest) < 1 ? nearest.Name : temperature.Name);
            }

            var start = ModelPart.Find(parsed.GetRequiredValue(path), work, context);
            if (start.Model is null)
            {
                throw new UserError("is a tokenizer and no model", parsed.GetRequiredValue(path), "name a model folder");
            }

            var tokenizer = TokenizerFile.Load(parsed.GetRequiredValue(other));
            var method = parsed.GetValue(vectors) is null ? "pieces" : "similarity";
            var mapped = parsed.GetValue(vectors) is { } file
                ? VocabularyMapping.BySimilarity(start.Tokenizer, tokenizer, Read(file), parsed.GetValue(nearest), parsed.GetValue(temperature))
                : VocabularyMapping.ByPieces(start.Tokenizer, tokenizer);
            var by = mapped.CountBy(m => m.By).ToDictionary();
            start.Write(parsed.GetRequiredValue(output), tokenizer, "transplant-tokenizer", new Seed(parsed.GetValue(seed)), $"method: {method}\nshared: {by.GetValueOrDefault(MappedBy.Sharing)}\n", work, model =>
                VocabularyRows.Exchange(model, [.. mapped.Select(m => (IReadOnlyList<(int, double)>)m.Parts)], new Seed(parsed.GetValue(seed))));
            var similar = method == "similarity" ? $"{by.GetValueOrDefault(MappedBy.Similarity)} from similarity, " : "";
            context.Line($"{by.GetValueOrDefault(MappedBy.Sharing)} of {mapped.Length} tokens shared, {similar}{by.GetValueOrDefault(MappedBy.Pieces)} from pieces, {by.GetValueOrDefault(MappedBy.Nothing)} from the mean of all, in {parsed.GetRequiredValue(output)}");
            return ExitCode.Ok;
        }));
        return command;
    }

    /// <summary>A token and its numbers a line, in the manner of word2vec's text files; a first line of two numbers is a heading.</summary>
    private static Dictionary<string, float[]> Read(string file)
    {
        var vectors = new Dictionary<string, float[]>();
        foreach (var (number, line) in File.Exists(file) ? File.ReadLines(file).Index() : throw new UserError("no such file", file))
        {
            var parts = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (parts.Length < 2 || (number == 0 && parts.Length == 2))
            {
                continue;
            }

            var values = new float[parts.Length - 1];
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = float.TryParse(parts[i + 1], CultureInfo.InvariantCulture, out var value) && float.IsFinite(value) ? value : throw new UserError($"'{parts[i + 1]}' is no number", $"{file}:{number + 1}", "a token and its numbers a line");
            }

            vectors[parts[0]] = values;
        }

        return vectors;
    }
}
