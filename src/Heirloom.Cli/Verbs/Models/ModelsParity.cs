using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Heirloom.Checkpoints;
using Heirloom.Checkpoints.Hub;
using Spectre.Console;

namespace Heirloom.Cli.Verbs.Models;

/// <summary><c>heirloom models parity FOLDER...</c></summary>
internal static class ModelsParity
{
    public static Command Build(CliContext context)
    {
        var folders = new Argument<string[]>("folder") { Description = "a model folder, a folder of such folders, or hf:org/name; several give one line each", Arity = ArgumentArity.OneOrMore };
        var tolerance = new Option<double>("--tolerance") { Description = "largest absolute difference that passes", DefaultValueFactory = _ => 1e-4 };
        var json = ModelsVerb.AsJson();
        var table = new Option<string?>("--table") { Description = "write a Markdown file with a line for each folder" };
        var command = new Command("parity", $"Compare models with the reference outputs in their {Parity.FileName}; exit code 1 beyond the tolerance") { folders, tolerance, json, table };
        command.SetAction(parsed =>
        {
            var limit = parsed.GetValue(tolerance);
            var results = new List<ParityResult>();
            foreach (var path in parsed.GetRequiredValue(folders).SelectMany(folder => Inside(context.ModelFolder(folder))))
            {
                results.Add(context.Work(work => ParityResult.Of(path, new() { Device = work.Device })));
            }

            if (parsed.GetValue(table) is { } file)
            {
                Atomic.WriteText(file, ParityResult.Table(results));
            }

            if (results is [var only])
            {
                ShowOutputs(context, only, limit, parsed.GetValue(json));
            }
            else
            {
                ShowFolders(context, results, limit, parsed.GetValue(json));
            }

            // written so that NaN fails too
            return results.All(r => r.Largest <= limit) ? ExitCode.Ok : ExitCode.CheckFailed;
        });
        return command;
    }

    /// <summary>The folder itself, or where it is none of a model, those in it that have references.</summary>
    private static string[] Inside(string folder)
    {
        if (File.Exists(Path.Combine(folder, HubFolder.ConfigFile)) || !Directory.Exists(folder))
        {
            return [folder];
        }

        string[] inner = [.. Directory.GetDirectories(folder).Where(f => File.Exists(Path.Combine(f, Parity.FileName))).Order(StringComparer.Ordinal)];
        return inner.Length > 0 ? inner : [folder];
    }

    private static void ShowOutputs(CliContext context, ParityResult result, double limit, bool json)
    {
        if (json)
        {
            context.Line(JsonSerializer.Serialize(result.Outputs.Select(o => new { output = o.Name, difference = o.Difference, passes = o.Difference <= limit }), ModelsVerb.Json));
            return;
        }

        Show(context, "output", result.Outputs.Select(o => (o.Name, o.Difference)), limit);
    }

    private static void ShowFolders(CliContext context, IReadOnlyList<ParityResult> results, double limit, bool json)
    {
        if (json)
        {
            context.Line(JsonSerializer.Serialize(results.Select(r => new { folder = r.Folder, architecture = r.Architecture, output = r.Worst, difference = r.Largest, passes = r.Largest <= limit }), ModelsVerb.Json));
            return;
        }

        Show(context, "folder", results.Select(r => (r.Folder, r.Largest)), limit);
    }

    private static void Show(CliContext context, string what, IEnumerable<(string Name, double Difference)> rows, double limit)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumn(what).AddColumn(new TableColumn("largest difference").RightAligned()).AddColumn("");
        foreach (var (name, difference) in rows)
        {
            table.AddRow(new Text(ModelsVerb.Plain(name)), new Text(difference.ToString("G3", CultureInfo.InvariantCulture)), new Text(difference <= limit ? "agrees" : "differs"));
        }

        context.Out.Write(table);
    }
}
