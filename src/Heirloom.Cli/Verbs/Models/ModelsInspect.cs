using System.CommandLine;
using System.Text.Json;
using Heirloom.Checkpoints;
using Spectre.Console;

namespace Heirloom.Cli.Verbs.Models;

/// <summary><c>heirloom models inspect FOLDER</c></summary>
internal static class ModelsInspect
{
    public static Command Build(CliContext context)
    {
        var folder = ModelsVerb.Folder();
        var json = ModelsVerb.AsJson();
        var command = new Command("inspect", "Tensors, memory and problems of a model, from its headers alone; exit code 1 when there are problems") { folder, json };
        command.SetAction(parsed =>
        {
            var path = parsed.GetRequiredValue(folder);
            var model = ModelInspection.Of(path);
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
                    files = model.Files,
                    tensors = model.Tensors.Select(t => new { name = t.Name, type = TensorTypes.Name(t.Type), shape = t.Shape }),
                    problems = model.Problems,
                    loading = model.Report?.ToString(),
                }, ModelsVerb.Json));
            }
            else
            {
                Show(context, path, model);
            }

            return model.Problems.IsEmpty ? ExitCode.Ok : ExitCode.CheckFailed;
        });
        return command;
    }

    private static void Show(CliContext context, string path, ModelInspection model)
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
