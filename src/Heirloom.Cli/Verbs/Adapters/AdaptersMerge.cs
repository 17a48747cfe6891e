using System.CommandLine;
using Heirloom.Checkpoints;
using Heirloom.Core.Downloads;
using Peft = Heirloom.Adaptation.Peft;

namespace Heirloom.Cli.Verbs.Adapters;

/// <summary><c>heirloom adapters merge ADAPTER --out FOLDER</c></summary>
internal static class AdaptersMerge
{
    public static Command Build(CliContext context)
    {
        var folder = AdaptersVerb.Folder();
        var model = new Option<string?>("--model") { Description = "the base model; the one that the adapter names when left out" };
        var destination = new Option<string>("--out") { Required = true, Description = "the folder to write" };
        var command = new Command("merge", "Write a model with the adapter's effect in its own weights") { folder, model, destination };
        command.SetAction(parsed => context.Work(work =>
        {
            var adapterFolder = HubClient.Folder(parsed.GetRequiredValue(folder), work);
            var baseFolder = HubClient.Folder(parsed.GetValue(model) ?? BaseOf(adapterFolder), work);
            var loaded = Checkpoint.Load(baseFolder, new() { Device = work.Device });
            using var module = loaded.Model.Module;
            using var adapter = Peft.Adapters.Load(adapterFolder, loaded.Model);
            adapter.Merge(loaded.Model);
            var adapterLineage = LineageFile.Read(adapterFolder);
            using var weights = Peft.Adapters.OpenWeights(adapterFolder);
            Checkpoint.Save(parsed.GetRequiredValue(destination), new()
            {
                Model = loaded.Model,
                Remainder = loaded.Remainder,
                Lineage = new()
                {
                    Method = $"merge/{Settings.KindOf(adapter.Config.GetType())}",
                    Settings = Settings.ToYaml(adapter.Config),
                    Seed = adapterLineage?.Seed ?? 0,
                    Parents = [new(loaded.WeightsHash, baseFolder, "start"), new(WeightsHash.Of(weights), adapterFolder, "adapter")],
                    Licenses = [.. (loaded.Lineage?.Licenses ?? []).Concat(adapterLineage?.Licenses ?? []).Distinct().Order(StringComparer.Ordinal)],
                    Date = work.Clock.GetUtcNow().ToString("s") + "Z",
                },
                Parts = [new CompanionFiles(baseFolder), new CompanionFiles(adapterFolder)],
            });
            context.Line(parsed.GetRequiredValue(destination));
            return ExitCode.Ok;
        }));
        return command;
    }

    /// <summary>A folder beside the adapter's, or a name on the hub.</summary>
    private static string BaseOf(string adapterFolder)
    {
        var named = Peft.Adapters.Describe(adapterFolder);
        return named.BaseModel is not { } text ? throw new UserError("names no base model", adapterFolder, "give it with --model")
            : Directory.Exists(text) || HubName.Is(text) ? text
            : $"{HubName.Scheme}{text}{(named.Revision is { } revision ? "@" + revision : "")}";
    }
}
