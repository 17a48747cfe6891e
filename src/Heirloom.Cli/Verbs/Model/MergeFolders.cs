using Heirloom.Core.Downloads;

namespace Heirloom.Cli.Verbs.Model;

/// <summary>Where models named in a recipe lie: a folder as it is called from here or from beside the recipe, or a name on the hub, with or without its scheme.</summary>
internal static class MergeFolders
{
    public static Dictionary<string, string> Of(IEnumerable<string> names, string beside, WorkContext work) => names.ToDictionary(n => n, n =>
        Directory.Exists(n) ? n
        : Directory.Exists(Path.Combine(beside, n)) ? Path.Combine(beside, n)
        : HubName.Is(n) ? HubClient.Folder(n, work)
        : n.Split('/') is [{ Length: > 0 } and not ("." or ".."), { Length: > 0 }] ? HubClient.Folder(HubName.Scheme + n, work)
        : throw new UserError("no such folder", n, "name a model folder, or hf:org/name"));
}
