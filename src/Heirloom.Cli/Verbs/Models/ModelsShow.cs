using System.CommandLine;
using System.Text.Json;
using Heirloom.Checkpoints;

namespace Heirloom.Cli.Verbs.Models;

/// <summary><c>heirloom models show FOLDER</c></summary>
internal static class ModelsShow
{
    public static Command Build(CliContext context)
    {
        var folder = ModelsVerb.Folder();
        var json = ModelsVerb.AsJson();
        var command = new Command("show", "What a model is, what made it, and what it scored") { folder, json };
        command.SetAction(parsed =>
        {
            var path = context.ModelFolder(parsed.GetRequiredValue(folder));
            // an error in the configuration is the answer here, and a finding in "inspect"
            var config = Checkpoint.ReadConfig(path);
            var model = ModelInspection.Of(path);
            if (parsed.GetValue(json))
            {
                context.Line(JsonSerializer.Serialize(
                    new { folder = path, family = model.Family, parameters = model.Parameters, settings = Settings.ToYaml(config), lineage = model.Lineage }, ModelsVerb.Json));
                return ExitCode.Ok;
            }

            context.Line($"{path}: {model.Family}, {ModelsVerb.Count(model.Parameters)} parameters, {ModelsVerb.Size(model.RunBytes)}");
            if (model.Lineage is { } lineage)
            {
                context.Line($"made by {ModelsVerb.Plain(lineage.Method)}, step {lineage.Step}, seed {lineage.Seed}, code {ModelsVerb.Plain(lineage.Code)}{(lineage.Date.Length > 0 ? $", {ModelsVerb.Plain(lineage.Date)}" : "")}");
                context.Line($"weights {lineage.Weights}");
                Lines("parent", lineage.Parents.Select(p => $"{p.Role}: {p.Weights} at {p.Path}"));
                Lines("data", lineage.Data.Select(d => $"{d.Key} {d.Value}"));
                Lines("licence", lineage.Licenses);
                Lines("score", lineage.Scores.Select(s => ModelsVerb.Scores([s])));
            }
            else
            {
                context.Line("no lineage: another tool wrote it");
            }

            Lines("problem", model.Problems);
            context.Line();
            context.Line(Settings.ToYaml(config).TrimEnd());
            return ExitCode.Ok;
        });
        return command;

        void Lines(string name, IEnumerable<string> values)
        {
            foreach (var value in values)
            {
                context.Line($"{name}: {ModelsVerb.Plain(value)}");
            }
        }
    }
}
