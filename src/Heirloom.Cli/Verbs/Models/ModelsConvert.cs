using System.CommandLine;
using Heirloom.Checkpoints;
using Heirloom.Checkpoints.Zoo;
using Heirloom.Core.Downloads;

namespace Heirloom.Cli.Verbs.Models;

/// <summary><c>heirloom models convert FOLDER --to FORMAT --out FOLDER</c></summary>
internal static class ModelsConvert
{
    public static Command Build(CliContext context)
    {
        var folder = ModelsVerb.Folder();
        var format = new Option<string>("--to") { Required = true, Description = "family (as the hub has it), assembly (our own parts) or tencentpretrain (the zoos of UER and TencentPretrain)" };
        var destination = new Option<string>("--out") { Required = true, Description = "the folder to write" };
        format.AcceptOnlyFromAmong([.. Enum.GetNames<ZooFormat>().Select(n => n.ToLowerInvariant())]);
        var command = new Command("convert", "Write a model in another zoo's format, tensor for tensor") { folder, format, destination };
        command.SetAction(parsed => context.Work(work =>
        {
            var source = HubClient.Folder(parsed.GetRequiredValue(folder), work);
            var to = Enum.Parse<ZooFormat>(parsed.GetRequiredValue(format), ignoreCase: true);
            var loaded = Checkpoint.Load(source);
            using var read = loaded.Model.Module;
            var converted = ModelZoo.Convert(loaded.Model, to);
            using var written = converted.Module;
            Checkpoint.Save(parsed.GetRequiredValue(destination), new()
            {
                Model = converted,
                Remainder = loaded.Remainder,
                Lineage = new()
                {
                    Method = $"convert/{parsed.GetRequiredValue(format)}",
                    Settings = "",
                    Seed = loaded.Lineage?.Seed ?? 0,
                    Parents = [new(loaded.WeightsHash, source, "start")],
                    Licenses = loaded.Lineage?.Licenses ?? [],
                    Date = work.Clock.GetUtcNow().ToString("s") + "Z",
                },
                Parts = [new CompanionFiles(source)],
            });
            context.Line(parsed.GetRequiredValue(destination));
            return ExitCode.Ok;
        }));
        return command;
    }
}
