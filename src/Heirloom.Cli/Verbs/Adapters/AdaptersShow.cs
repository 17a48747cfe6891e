using System.CommandLine;
using System.Text.Json;
using Heirloom.Cli.Verbs.Models;
using Peft = Heirloom.Adaptation.Peft;

namespace Heirloom.Cli.Verbs.Adapters;

/// <summary><c>heirloom adapters show FOLDER</c></summary>
internal static class AdaptersShow
{
    public static Command Build(CliContext context)
    {
        var folder = AdaptersVerb.Folder();
        var json = ModelsVerb.AsJson();
        var command = new Command("show", "What an adapter is, of which model, and how large") { folder, json };
        command.SetAction(parsed =>
        {
            var path = context.ModelFolder(parsed.GetRequiredValue(folder));
            var adapter = Peft.Adapters.Describe(path);
            using var weights = Peft.Adapters.OpenWeights(path);
            var (kind, parameters) = (Settings.KindOf(adapter.Config.GetType()), weights.Entries.Values.Sum(e => e.Count));
            if (parsed.GetValue(json))
            {
                context.Line(JsonSerializer.Serialize(
                    new { folder = path, kind, base_model = adapter.BaseModel, revision = adapter.Revision, task = adapter.Task, parameters, settings = Settings.ToYaml(adapter.Config) }, ModelsVerb.Json));
                return ExitCode.Ok;
            }

            context.Line($"{path}: {kind}, {ModelsVerb.Count(parameters)} parameters in {weights.Entries.Count} tensors");
            context.Line($"base model: {ModelsVerb.Plain(adapter.BaseModel ?? "not named")}{(adapter.Revision is { } revision ? $" at {ModelsVerb.Plain(revision)}" : "")}; task: {ModelsVerb.Plain(adapter.Task ?? "not named")}");
            context.Line();
            context.Line(Settings.ToYaml(adapter.Config).TrimEnd());
            return ExitCode.Ok;
        });
        return command;
    }
}
