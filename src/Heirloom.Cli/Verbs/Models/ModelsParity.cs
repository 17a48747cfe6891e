using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Heirloom.Checkpoints;
using Spectre.Console;

namespace Heirloom.Cli.Verbs.Models;

/// <summary><c>heirloom models parity FOLDER</c></summary>
internal static class ModelsParity
{
    public static Command Build(CliContext context)
    {
        var folder = ModelsVerb.Folder();
        var tolerance = new Option<double>("--tolerance") { Description = "largest absolute difference that passes", DefaultValueFactory = _ => 1e-4 };
        var json = ModelsVerb.AsJson();
        var command = new Command("parity", $"Compare a model with the reference outputs in its {Parity.FileName}; exit code 1 beyond the tolerance") { folder, tolerance, json };
        command.SetAction(parsed =>
        {
            var (path, limit) = (context.ModelFolder(parsed.GetRequiredValue(folder)), parsed.GetValue(tolerance));
            var outputs = context.Work(work => Parity.Run(path, new() { Device = work.Device }));
            if (parsed.GetValue(json))
            {
                context.Line(JsonSerializer.Serialize(outputs.Select(o => new { output = o.Name, difference = o.Difference, passes = o.Difference <= limit }), ModelsVerb.Json));
            }
            else
            {
                var table = new Table().Border(TableBorder.Rounded).AddColumn("output").AddColumn(new TableColumn("largest difference").RightAligned()).AddColumn("");
                foreach (var output in outputs)
                {
                    table.AddRow(new Text(ModelsVerb.Plain(output.Name)), new Text(output.Difference.ToString("G3", CultureInfo.InvariantCulture)), new Text(output.Difference <= limit ? "agrees" : "differs"));
                }

                context.Out.Write(table);
            }

            return outputs.All(o => o.Difference <= limit) ? ExitCode.Ok : ExitCode.CheckFailed;
        });
        return command;
    }
}
