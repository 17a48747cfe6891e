using System.CommandLine;
using System.Text.Json;
using Heirloom.Generation.Text;
using Heirloom.Models;
using Heirloom.Models.Heads;

namespace Heirloom.Cli.Verbs.Use;

/// <summary><c>heirloom embed</c>: vectors of texts.</summary>
internal sealed class EmbedVerb : IVerb
{
    public string Group => VerbGroup.Models;

    public Command Build(CliContext context)
    {
        var model = UseOptions.Model();
        var adapter = UseOptions.Adapter();
        var texts = new Argument<string[]>("texts") { Description = "texts", Arity = ArgumentArity.ZeroOrMore };
        var file = new Option<string?>("--file") { Description = "a file with a text a line (.jsonl: under 'text'); - for standard input" };
        var pooling = new Option<Pooling?>("--pooling") { Description = "how tokens' vectors become one: what the folder says, else mean for encoders and last for causal models" };
        var normalize = new Option<bool>("--normalize") { Description = "vectors of length 1" };
        var truncate = UseOptions.Truncate();
        var batch = UseOptions.Batch(16);
        var command = new Command("embed", "Turn texts into vectors, as JSON lines") { model, adapter, texts, file, pooling, normalize, truncate, batch };
        command.SetAction(parsed =>
        {
            var lines = TextLines.Read(parsed.GetValue(texts) ?? [], parsed.GetValue(file), ["text"], context.In);
            var size = UseOptions.AtLeastOne(parsed.GetValue(batch), batch.Name);
            using var used = UsedModel<IModel>.Open(context, parsed.GetRequiredValue(model), parsed.GetValue(adapter));
            var encoder = Encoder(used);
            var embedder = new TextEmbedder(encoder, used.Tokenizer, new()
            {
                Pooling = parsed.GetValue(pooling) ?? used.Folder.Pooling() ?? (encoder is ICausalLM ? Pooling.Last : Pooling.Mean),
                Normalize = used.Folder.Normalizes() || parsed.GetValue(normalize), // the folder first: it refuses what we cannot do
                Truncate = parsed.GetValue(truncate),
                BatchSize = size,
            });
            foreach (var chunk in lines.Chunk(size * 16))
            {
                var vectors = Placed(chunk, () => embedder.Embed([.. chunk.Select(l => l.Text)], context.Stop));
                foreach (var (line, vector) in chunk.Zip(vectors))
                {
                    context.Line(JsonSerializer.Serialize(new { text = line.Text, embedding = vector }, GenerateVerb.OneLine));
                }
            }

            return ExitCode.Ok;
        });
        return command;
    }

    private static ITokenEncoder Encoder(UsedModel<IModel> used) => used.Model switch
    {
        ITokenEncoder encoder => encoder,
        HeadModel<ITokenEncoder> head => head.Encoder,
        _ => throw new UserError($"holds a {used.Model.GetType().Name}, which gives no vectors of tokens", used.Folder.Folder, "name an encoder or a causal model"),
    };

    /// <summary>A text's number within a chunk becomes its line.</summary>
    internal static T Placed<T>(IReadOnlyList<TextLine> lines, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (UserError e) when (e.Message.Split(": ", 2) is [var where, var rest] && where.StartsWith("text ", StringComparison.Ordinal) && int.TryParse(where[5..], out var n) && n >= 1 && n <= lines.Count)
        {
            throw new UserError(rest, lines[n - 1].Where, inner: e);
        }
    }
}
