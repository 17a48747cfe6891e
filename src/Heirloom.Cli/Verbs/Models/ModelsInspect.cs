using System.CommandLine;
using System.Text.Json;
using Heirloom.Checkpoints;
using Spectre.Console;

namespace Heirloom.Cli.Verbs.Models;

/// <summary><c>heirloom models inspect PATH</c></summary>
internal static class ModelsInspect
{
    public static Command Build(CliContext context)
    {
        var folder = ModelsVerb.Folder();
        var json = ModelsVerb.AsJson();
        var batch = new Option<int>("--batch") { Description = "sequences of a batch whose activations are estimated", DefaultValueFactory = _ => 1 };
        var length = new Option<int?>("--length") { Description = "positions of each (samples for speech); the longest that the model reads, 512 at most, unless set" };
        var command = new Command("inspect", "Tensors, memory and problems of a model or a file of weights, from its headers alone; exit code 1 when there are problems") { folder, batch, length, json };
        command.SetAction(parsed =>
        {
            var path = context.ModelFolder(parsed.GetRequiredValue(folder));
            var model = ModelInspection.Of(path);
            var (rows, positions) = (parsed.GetValue(batch), parsed.GetValue(length));
            if (rows < 1 || positions < 1)
            {
                throw new UserError($"a batch of {rows} × {positions} is none", "--batch, --length", "give at least 1");
            }

            var activations = model.Activations(rows, positions);
            if (parsed.GetValue(json))
            {
                context.Line(JsonSerializer.Serialize(new
                {
                    folder = path,
                    family = model.Family,
                    parameters = model.Parameters,
                    vocabulary = model.Vocabulary,
                    run_bytes = model.RunBytes,
                    train_bytes = model.TrainBytes,
                    memory = new
                    {
                        weights = model.RunBytes,
                        gradients = model.GradientBytes,
                        optimizer = model.OptimizerBytes,
                        activations = activations is null ? null : new { batch = activations.Batch, length = activations.Length, run = activations.RunBytes, train = activations.TrainBytes },
                    },
                    types = model.Types.ToDictionary(t => TensorTypes.Name(t.Type), t => t.Count),
                    files = model.Files,
                    tensors = model.Tensors.Select(t => new { name = t.Name, type = TensorTypes.Name(t.Type), shape = t.Shape }),
                    unused = model.Report?.Unused.Select(u => new { name = u.Name, why = u.Why }),
                    problems = model.Problems,
                    loading = model.Report?.ToString(),
                }, ModelsVerb.Json));
            }
            else
            {
                Show(context, path, model, activations);
            }

            return model.Problems.IsEmpty ? ExitCode.Ok : ExitCode.CheckFailed;
        });
        return command;
    }

    private static void Show(CliContext context, string path, ModelInspection model, MemoryEstimate? activations)
    {
        if (model.Tensors.Length > 0)
        {
            var table = new Table().Border(TableBorder.Rounded).AddColumns("tensor", "type", "shape").AddColumn(new TableColumn("elements").RightAligned());
            foreach (var tensor in model.Tensors)
            {
                table.AddRow(new Text(ModelsVerb.Plain(tensor.Name)), new Text(TensorTypes.Name(tensor.Type)), new Text(tensor.ShapeText), new Text(ModelsVerb.Count(tensor.Count)));
            }

            context.Out.Write(table);
        }

        context.Line($"{path}: {model.Family ?? "unknown family"}, {ModelsVerb.Count(model.Parameters)} parameters in {model.Tensors.Length} tensors and {model.Files.Length} files");
        context.Line($"types: {string.Join(", ", model.Types.Select(t => $"{TensorTypes.Name(t.Type)} {ModelsVerb.Count(t.Count)}"))}");
        if (model.Vocabulary is { } vocabulary)
        {
            context.Line($"vocabulary: {vocabulary}");
        }

        context.Line($"memory: {ModelsVerb.Size(model.RunBytes)} to run as stored, {ModelsVerb.Size(model.TrainBytes)} to train with AdamW in float32; activations besides");
        context.Line($"training: gradients {ModelsVerb.Size(model.GradientBytes)}, moments {ModelsVerb.Size(model.OptimizerBytes)}, weights the rest");
        if (activations is not null)
        {
            context.Line($"activations, estimated for {activations.Batch} × {activations.Length}: {ModelsVerb.Size(activations.RunBytes)} to run, {ModelsVerb.Size(activations.TrainBytes)} to train");
        }

        if (model.Report is { } report && !report.Unused.IsEmpty)
        {
            context.Line($"not used: {string.Join(", ", report.Unused.Select(u => $"{ModelsVerb.Plain(u.Name)} ({u.Why})"))}");
        }

        if (model.Report is { Renamed.IsEmpty: false } renamed)
        {
            context.Line($"under older or other names: {string.Join(", ", renamed.Renamed.Select(r => $"{ModelsVerb.Plain(r.From)} → {r.To}"))}");
        }

        foreach (var problem in model.Problems)
        {
            context.Line($"problem: {ModelsVerb.Plain(problem)}");
        }

        if (model.Problems.IsEmpty)
        {
            context.Line(model.Report is null ? "no problems found in the files; a model of this kind is compared with its configuration when it is loaded" : "no problems found: weights and configuration fit");
        }
    }
}
