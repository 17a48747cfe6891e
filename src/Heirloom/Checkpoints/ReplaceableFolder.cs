namespace Heirloom.Checkpoints;

/// <summary>A folder that a result is written to takes the place of what stood there, so only one of its own kind may stand there.</summary>
public static class ReplaceableFolder
{
    /// <param name="folder">Where the result goes.</param>
    /// <param name="marker">The file by which a folder of that kind is known.</param>
    /// <exception cref="UserError">It holds something else.</exception>
    public static void Require(string folder, string marker)
    {
        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any() && !File.Exists(Path.Combine(folder, marker)))
        {
            throw new UserError($"holds something else than what is to be written ({marker} is not there)", folder, "write to a new folder, or to one whose content it may replace");
        }
    }
}
