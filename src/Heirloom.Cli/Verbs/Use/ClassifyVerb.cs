using System.CommandLine;
using System.Text.Json;
using Heirloom.Generation.Text;
using Heirloom.Models;
using Heirloom.Models.Heads;

namespace Heirloom.Cli.Verbs.Use;

/// <summary><c>heirloom classify</c>: labels of texts, of pairs of texts, or of the words in them.</summary>
internal sealed class ClassifyVerb : IVerb
{
    public string Group => VerbGroup.Models;

    public Command Build(CliContext context)
    {
        var model = UseOptions.Model();
        var adapter = UseOptions.Adapter();
        var texts = new Argument<string[]>("texts") { Description = "texts", Arity = ArgumentArity.ZeroOrMore };
        var pair = new Option<string?>("--pair") { Description = "the second text of each pair" };
        var file = new Option<string?>("--file") { Description = "a file with a text a line (.jsonl: under 'text', a second one under 'pair'); - for standard input" };
        var truncate = UseOptions.Truncate();
        var batch = UseOptions.Batch(16);
        var command = new Command("classify", "Label texts, or their words, with a classifier, as JSON lines with probabilities") { model, adapter, texts, pair, file, truncate, batch };
        command.SetAction(parsed =>
        {
            var lines = TextLines.Read(parsed.GetValue(texts) ?? [], parsed.GetValue(file), ["text"], context.In);
            var size = UseOptions.AtLeastOne(parsed.GetValue(batch), batch.Name);
            using var used = UsedModel<IClassifier<TokenInputs>>.Open(context, parsed.GetRequiredValue(model), parsed.GetValue(adapter));
            var labels = used.Folder.Labels(used.Model.Classes);
            if (used.Model is TokenClassifier words)
            {
                var labeler = new TokenLabeler(words, used.Tokenizer, labels, parsed.GetValue(truncate), size);
                Spans(context, labeler, lines.Select(l => (l.Pair ?? parsed.GetValue(pair)) is null ? l : throw new UserError("the model classifies the words of single texts", l.Where, "leave the pair away")), size * 16);
                return ExitCode.Ok;
            }

            var classifier = new TextClassifier(used.Model, used.Tokenizer, ContextOf(used.Model), labels, used.Folder.Scoring(labels.Length), parsed.GetValue(truncate), size);
            foreach (var chunk in lines.Chunk(size * 16))
            {
                var inputs = chunk.Select(l => new ClassifiedText(l.Text, l.Pair ?? parsed.GetValue(pair))).ToList();
                var scores = EmbedVerb.Placed(chunk, () => classifier.Scores(inputs, context.Stop));
                foreach (var (input, values) in inputs.Zip(scores))
                {
                    var ranked = classifier.Ranked(values);
                    context.Line(JsonSerializer.Serialize(new Labelled(input.Text, input.Pair, ranked[0].Label, ranked[0].Score, ranked.ToDictionary(l => l.Label, l => l.Score)), s_json));
                }
            }

            return ExitCode.Ok;
        });
        return command;
    }

    private static void Spans(CliContext context, TokenLabeler labeler, IEnumerable<TextLine> lines, int chunks)
    {
        foreach (var chunk in lines.Chunk(chunks))
        {
            var found = EmbedVerb.Placed(chunk, () => labeler.Label([.. chunk.Select(l => l.Text)], context.Stop));
            foreach (var (line, spans) in chunk.Zip(found))
            {
                var shown = spans.Select(s => new { label = s.Label, score = s.Score, start = s.Start, end = s.End, text = line.Text[s.Start..s.End] });
                context.Line(JsonSerializer.Serialize(new { text = line.Text, spans = shown }, s_json));
            }
        }
    }

    private static readonly JsonSerializerOptions s_json = new(GenerateVerb.OneLine)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull,
    };

    private static int ContextOf(IClassifier<TokenInputs> model) => model switch
    {
        ITokenEncoder encoder => encoder.ContextLength,
        HeadModel<ITokenEncoder> head => head.Encoder.ContextLength,
        _ => int.MaxValue,
    };

    private sealed record Labelled(string Text, string? Pair, string Label, double Score, Dictionary<string, double> Scores);
}
