using System.CommandLine;
using Heirloom.Core.Downloads;

namespace Heirloom.Cli.Verbs.Models;

/// <summary><c>heirloom models pull hf:ORG/NAME</c></summary>
internal static class ModelsPull
{
    public static Command Build(CliContext context)
    {
        var name = new Argument<string>("name") { Description = "hf:org/name, hf:org/name@revision, or hf:org/name@revision:path" };
        var data = new Option<bool>("--data") { Description = "a data set" };
        var pickles = new Option<bool>("--pickles") { Description = "pickled weights too, where there are no others; they are read without running any code" };
        var command = new Command("pull", "Fetch a model, an adapter or a data set from the hub and say where it lies") { name, data, pickles };
        command.SetAction(parsed => context.Work(work =>
        {
            var text = parsed.GetRequiredValue(name);
            var parsedName = HubName.Parse(HubName.Is(text) ? text : HubName.Scheme + text, parsed.GetValue(data) ? HubKind.DataSet : HubKind.Model);
            context.Line(new HubClient(work).Pull(parsedName, parsed.GetValue(pickles)).Folder);
            return ExitCode.Ok;
        }));
        return command;
    }
}
