using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Heirloom.Checkpoints;
using Heirloom.Cli.Verbs.Models;
using Heirloom.Cli.Verbs.Tokenizers;
using Heirloom.Encoding;
using Heirloom.Evaluation.Metrics;
using Heirloom.Evaluation.Reports;
using Heirloom.Models;
using Heirloom.Reuse.Merging;
using Spectre.Console;
using static TorchSharp.torch;

namespace Heirloom.Cli.Verbs.Model;

/// <summary><c>heirloom model diff A B</c></summary>
internal static class ModelDiffer
{
    private const int MaxBars = 60;

    public static Command Build(CliContext context)
    {
        Argument<string>[] names = [new("a") { Description = "a model" }, new("b") { Description = "another" }];
        var origin = new Option<string?>("--base") { Description = "the model that both were made from: angles are between what they added to it" };
        var text = new Option<string[]>("--text") { Description = "text on which their representations are compared (linear CKA)", AllowMultipleArgumentsPerToken = true };
        var rows = ModelVerb.Rows();
        var json = ModelsVerb.AsJson();
        var svg = new Option<string?>("--svg") { Description = "write a plot of the tensors' distances to this file" };
        var command = new Command("diff", "How two models differ: lengths, distances and angles of their tensors, likeness of their representations") { names[0], names[1], origin, text, rows, json, svg };
        command.SetAction(parsed => context.Work(work =>
        {
            var all = MergeFolders.Of(new[] { parsed.GetRequiredValue(names[0]), parsed.GetRequiredValue(names[1]), parsed.GetValue(origin) }.OfType<string>().Distinct(), ".", work);
            var (a, b) = (all[parsed.GetRequiredValue(names[0])], all[parsed.GetRequiredValue(names[1])]);
            var diff = ModelDiff.Of(a, b, parsed.GetValue(origin) is { } start ? all[start] : null, work);
            double? cka = parsed.GetValue(text) is { Length: > 0 } files ? Likeness(a, b, files, parsed.GetValue(rows), work) : null;
            if (parsed.GetValue(json))
            {
                context.Line(JsonSerializer.Serialize(new
                {
                    a,
                    b,
                    @base = parsed.GetValue(origin),
                    cka,
                    all = Figures(diff.Whole),
                    tensors = diff.Tensors.Select(Figures),
                    only_a = diff.OnlyA,
                    only_b = diff.OnlyB,
                    other_shapes = diff.OtherShapes,
                }, ModelsVerb.Json));
            }
            else
            {
                Show(context, diff, cka, parsed.GetValue(origin) is not null);
            }

            if (parsed.GetValue(svg) is { } file)
            {
                Draw(diff, a, b).Save(file);
                context.ErrorLine($"wrote {file}");
            }

            return ExitCode.Ok;
        }));
        return command;
    }

    private static object Figures(TensorDiff t) => new { name = t.Name, norm_a = t.NormA, norm_b = t.NormB, distance = t.Distance, relative = t.Relative, cosine = t.Cosine, task_norm_a = t.TaskNormA, task_norm_b = t.TaskNormB };

    private static void Show(CliContext context, ModelDiff diff, double? cka, bool tasks)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumn("tensor");
        foreach (var column in (string[])["‖A‖", "‖B‖", "‖B − A‖", "of ‖A‖", tasks ? "cosine of task vectors" : "cosine"])
        {
            table.AddColumn(new TableColumn(column).RightAligned());
        }

        foreach (var t in diff.Tensors.Append(diff.Whole))
        {
            table.AddRow([new Text(ModelsVerb.Plain(t.Name)), .. new[] { t.NormA, t.NormB, t.Distance, t.Relative, t.Cosine }.Select(x => new Text(x.ToString("G4", CultureInfo.InvariantCulture)))]);
        }

        context.Out.Write(table);
        Line("only in A", diff.OnlyA);
        Line("only in B", diff.OnlyB);
        Line("of other shapes", diff.OtherShapes);
        if (cka is { } likeness)
        {
            context.Line(string.Create(CultureInfo.InvariantCulture, $"linear CKA of the last layer's vectors: {likeness:0.0000}"));
        }

        void Line(string what, IReadOnlyCollection<string> which)
        {
            if (which.Count > 0)
            {
                context.Line($"{what}: {string.Join(", ", which.Select(ModelsVerb.Plain))}");
            }
        }
    }

    /// <summary>Vectors of the same tokens, position by position, so that both must have the same tokenizer.</summary>
    private static double Likeness(string a, string b, string[] files, int rows, WorkContext work)
    {
        var tokenizer = TokenizerFile.Load(a);
        using var one = Checkpoint.LoadAs<ITokenEncoder>(a, new() { Device = work.Device }).Model.Module;
        using var two = Checkpoint.LoadAs<ITokenEncoder>(b, new() { Device = work.Device }).Model.Module;
        var (first, second) = ((ITokenEncoder)one, (ITokenEncoder)two);
        VocabularyCheck.Require(tokenizer.VocabularySize, Math.Min(first.VocabularySize, second.VocabularySize), $"{a}, {b}");
        var longest = Math.Min(Math.Min(first.ContextLength, second.ContextLength), 512);
        using var cka = new LinearCka();
        using var quiet = no_grad();
        foreach (var ids in CorpusFiles.Read(files, work).Take(rows).Select(t => tokenizer.Encode(t)).Where(i => i.Length > 1))
        {
            using var scope = NewDisposeScope();
            var tokens = tensor([.. ids.Take(longest).Select(i => (long)i)], device: work.Device).unsqueeze(0);
            cka.Add(first.Encode(new(tokens)).squeeze(0), second.Encode(new(tokens)).squeeze(0));
        }

        return cka.Value;
    }

    private static BarPlot Draw(ModelDiff diff, string a, string b) => new()
    {
        Title = $"Distance of {Path.GetFileName(b)} from {Path.GetFileName(a)}{(diff.Tensors.Length > MaxBars ? $", the {MaxBars} greatest" : "")}",
        XLabel = "‖B − A‖ ÷ ‖A‖",
        Bars = [.. (diff.Tensors.Length > MaxBars ? diff.Tensors.OrderByDescending(t => t.Relative).Take(MaxBars) : diff.Tensors).Select(t => new Bar(t.Name, t.Relative))],
    };
}
