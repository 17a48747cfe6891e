using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using Heirloom.Checkpoints;
using Heirloom.Evaluation.Reports;
using Heirloom.Training.Registry;
using Spectre.Console;

namespace Heirloom.Cli.Verbs.Runs;

/// <summary><c>heirloom runs show RUN</c></summary>
internal static class RunsShow
{
    public static JsonSerializerOptions Json { get; } = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    public static Command Build(CliContext context)
    {
        var name = Run();
        var command = new Command("show", "Scores, origin and settings of a run") { name };
        command.SetAction(parsed =>
        {
            var run = new RunRegistry(context.RunsFolder).Find(parsed.GetRequiredValue(name));
            Show(context, run);
            return ExitCode.Ok;
        });
        return command;
    }

    /// <summary>The argument that names a run.</summary>
    public static Argument<string> Run() => new("run") { Description = "its id (sotu-3), its name for the newest (sotu), or its folder" };

    /// <summary>What a person wants to know: a run whose process is gone is not running.</summary>
    public static string State(RegisteredRun run) =>
        run.Record.State == RunState.Running && !RunFolder.IsLive(run.Folder) ? "killed" : Settings.SnakeCase(run.Record.State.ToString());

    private static void Show(CliContext context, RegisteredRun run)
    {
        var record = run.Record;
        context.Line($"{run.Id}: {record.Kind}, {State(run)}, started {record.Started:u}, seed {record.Seed}, code {record.Code}");
        context.Line(run.Folder);
        if (record.Error is { } error)
        {
            context.Line($"error: {error}");
        }

        if (record.Scores.Count > 0)
        {
            var table = new Table().Border(TableBorder.Rounded).AddColumn("score").AddColumn(new TableColumn("value").RightAligned());
            foreach (var (score, value) in record.Scores.OrderBy(s => s.Key, StringComparer.Ordinal))
            {
                table.AddRow(new Text(score), new Text(RunPage.Number(value)));
            }

            context.Out.Write(table);
        }

        var checkpoint = Path.Combine(run.Folder, RunFolder.CheckpointName);
        if (Directory.Exists(checkpoint) && LineageFile.Read(checkpoint) is { } lineage)
        {
            context.Line($"checkpoint: {checkpoint} ({lineage.Method}, weights {Shorten(lineage.Weights)})");
            foreach (var parent in lineage.Parents)
            {
                context.Line($"  {parent.Role}: {Shorten(parent.Weights)} at {parent.Path}");
            }
        }

        foreach (var (source, fingerprint) in record.Data)
        {
            context.Line($"data: {source} {Shorten(fingerprint)}");
        }

        var settings = Path.Combine(run.Folder, RunFolder.SettingsName);
        if (File.Exists(settings))
        {
            context.Line();
            context.Line(File.ReadAllText(settings).TrimEnd());
        }
    }

    private static string Shorten(string hash) => hash.Length > 12 ? hash[..12] : hash;
}
