using System.Collections.Immutable;

namespace Heirloom.Checkpoints;

/// <summary>A checkpoint in a family tree.</summary>
/// <param name="Name">Its folder's name, or what its child remembers of it.</param>
/// <param name="Folder">Where it lies; null when it was not found.</param>
/// <param name="Weights">SHA-256 of its weights.</param>
/// <param name="Role">What it gave to its child; empty for the root.</param>
/// <param name="Lineage">What made it; null when it was not found or another tool wrote it.</param>
/// <param name="Parents">What it was made from.</param>
/// <param name="Repeated">Whether the tree shows it, with its parents, elsewhere too.</param>
public sealed record LineageNode(
    string Name, string? Folder, string Weights, string Role, Lineage? Lineage, ImmutableArray<LineageNode> Parents, bool Repeated = false)
{
    /// <summary>The first digits of the weights' hash.</summary>
    public string Short => Weights.Length > 12 ? Weights[..12] : Weights;

    /// <summary>A few words on how it was made.</summary>
    public string Summary => Folder is null ? "not found"
        : Lineage is null ? "no lineage: another tool wrote it"
        : Lineage.Method + (Lineage.Step > 0 ? $", step {Lineage.Step}" : "") + (Lineage.Date.Length >= 10 ? $", {Lineage.Date[..10]}" : "");
}

/// <summary>
/// The family tree of a checkpoint. Parents are known by what they are, the hash of their weights, so a tree survives renamed and moved folders; where they lay
/// is only a hint.
/// </summary>
public static class LineageTree
{
    private static readonly EnumerationOptions Search = new() { RecurseSubdirectories = true, IgnoreInaccessible = true, MaxRecursionDepth = 8 };

    /// <summary>Follows the parents of a checkpoint.</summary>
    /// <param name="folder">The checkpoint.</param>
    /// <param name="roots">Folders under which ancestors may lie.</param>
    /// <exception cref="UserError">The checkpoint's own lineage is missing or damaged.</exception>
    public static LineageNode Of(string folder, params IEnumerable<string> roots)
    {
        var lineage = LineageFile.Read(folder) ?? throw new UserError($"holds no {LineageFile.Name}", folder, "another tool wrote this folder, or it is no model folder");
        return new Walk(roots).Node(NameOf(folder), Path.GetFullPath(folder), lineage.Weights, "", lineage);
    }

    private static string NameOf(string folder) => Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));

    private sealed class Walk(IEnumerable<string> roots)
    {
        private readonly Lazy<Dictionary<string, string>> _folders = new(() => Index(roots));
        private readonly HashSet<string> _shown = [];

        public LineageNode Node(string name, string? folder, string weights, string role, Lineage? lineage)
        {
            // also ends the circle that a forged file could describe
            var repeated = weights.Length > 0 && !_shown.Add(weights);
            ImmutableArray<LineageNode> parents = lineage is null || repeated ? [] : [.. lineage.Parents.Select(parent => Parent(parent, folder))];
            return new(name, folder, weights, role, lineage, parents, repeated && lineage is { Parents.IsEmpty: false });
        }

        private LineageNode Parent(LineageParent parent, string? child)
        {
            var folder = Hints(parent, child).FirstOrDefault(hint => Holds(hint, parent.Weights)) ?? _folders.Value.GetValueOrDefault(parent.Weights);
            return folder is null
                ? Node(parent.Path, null, parent.Weights, parent.Role, null)
                : Node(NameOf(folder), Path.GetFullPath(folder), parent.Weights, parent.Role, ReadOrNull(folder));
        }

        private static IEnumerable<string> Hints(LineageParent parent, string? child)
        {
            if (parent.Path.Length == 0 || parent.Path.Contains('\0', StringComparison.Ordinal))
            {
                yield break;
            }

            yield return parent.Path;
            if (child is not null && !Path.IsPathRooted(parent.Path))
            {
                yield return Path.Combine(child, parent.Path);
            }
        }

        private static bool Holds(string folder, string weights)
        {
            if (!Directory.Exists(folder))
            {
                return false;
            }

            if (ReadOrNull(folder) is { Weights.Length: > 0 } lineage)
            {
                return lineage.Weights == weights;
            }

            try
            {
                // a folder of another tool does not say what it is, so it is asked
                using var file = WeightsFolder.Open(folder);
                return WeightsHash.Of(file) == weights;
            }
            catch (UserError)
            {
                return false;
            }
        }

        private static Dictionary<string, string> Index(IEnumerable<string> roots)
        {
            var folders = new Dictionary<string, string>();
            foreach (var file in roots.Where(Directory.Exists).SelectMany(root => Directory.EnumerateFiles(root, LineageFile.Name, Search)).Order(StringComparer.Ordinal))
            {
                var folder = Path.GetDirectoryName(file)!;
                if (ReadOrNull(folder) is { Weights.Length: > 0 } lineage)
                {
                    folders.TryAdd(lineage.Weights, folder);
                }
            }

            return folders;
        }

        /// <summary>A damaged relative does not hide the rest of the family.</summary>
        private static Lineage? ReadOrNull(string folder)
        {
            try
            {
                return LineageFile.Read(folder);
            }
            catch (UserError)
            {
                return null;
            }
        }
    }
}
