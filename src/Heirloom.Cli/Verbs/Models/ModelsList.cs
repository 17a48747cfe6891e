using System.CommandLine;
using System.Text.Json;
using Heirloom.Checkpoints;
using Spectre.Console;

namespace Heirloom.Cli.Verbs.Models;

/// <summary><c>heirloom models list [ROOT…]</c></summary>
internal static class ModelsList
{
    public static Command Build(CliContext context)
    {
        var roots = new Argument<string[]>("roots") { Description = "folders to search besides the runs", Arity = ArgumentArity.ZeroOrMore };
        var json = ModelsVerb.AsJson();
        var command = new Command("list", "Models under the runs and the given folders") { roots, json };
        command.SetAction(parsed =>
        {
            var given = parsed.GetValue(roots) ?? [];
            if (given.FirstOrDefault(root => !Directory.Exists(root)) is { } missing)
            {
                throw new UserError("no such folder", missing);
            }

            var folders = given.Append(context.RunsFolder).SelectMany(ModelInspection.FoldersUnder).DistinctBy(Path.GetFullPath).ToList();
            var models = folders.Select(folder => (Folder: folder, Model: ModelInspection.Of(folder))).ToList();
            if (parsed.GetValue(json))
            {
                context.Line(JsonSerializer.Serialize(models.Select(m => new
                {
                    folder = m.Folder,
                    family = m.Model.Family,
                    parameters = m.Model.Parameters,
                    method = m.Model.Lineage?.Method,
                    step = m.Model.Lineage?.Step,
                    weights = m.Model.Lineage?.Weights,
                    scores = m.Model.Lineage?.Scores,
                    problems = m.Model.Problems,
                }), ModelsVerb.Json));
            }
            else if (models.Count == 0)
            {
                context.Line($"no models under {string.Join(", ", given.Append(context.RunsFolder))}; train one with: heirloom run recipes/pretrain.yaml");
            }
            else
            {
                var table = new Table().Border(TableBorder.Rounded).AddColumns("folder", "family").AddColumn(new TableColumn("parameters").RightAligned()).AddColumns("made by", "weights", "scores");
                foreach (var (folder, model) in models)
                {
                    var state = model.Problems.IsEmpty ? "" : $"{model.Problems.Length} {(model.Problems.Length == 1 ? "problem" : "problems")}: heirloom models inspect";
                    table.AddRow(
                        new Text(folder), new Text(model.Family ?? "?"), new Text(ModelsVerb.Count(model.Parameters)),
                        new Text(model.Lineage is { } lineage ? ModelsVerb.Plain(lineage.Method) + (lineage.Step > 0 ? $", step {lineage.Step}" : "") : ""),
                        new Text(model.Lineage?.Weights is { Length: > 12 } weights ? weights[..12] : ""),
                        new Text(state.Length > 0 ? state : ModelsVerb.Plain(ModelsVerb.Scores(model.Lineage?.Scores))));
                }

                context.Out.Write(table);
            }

            return ExitCode.Ok;
        });
        return command;
    }
}
