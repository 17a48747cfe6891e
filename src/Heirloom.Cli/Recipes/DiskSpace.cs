namespace Heirloom.Cli.Recipes;

/// <summary>Refuses work whose results would not fit on the disk.</summary>
internal static class DiskSpace
{
    /// <exception cref="UserError">Less is free than is needed.</exception>
    public static void Require(string folder, long bytes)
    {
        long free;
        try
        {
            free = new DriveInfo(Existing(Path.GetFullPath(folder))).AvailableFreeSpace;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // not every file system tells; then the write will
            return;
        }

        if (free < bytes)
        {
            throw new UserError($"needs about {bytes / 1e6:N0} MB and {free / 1e6:N0} MB are free", folder, "free space, choose another folder with --out, or keep fewer snapshots");
        }
    }

    private static string Existing(string folder) => Directory.Exists(folder) ? folder : Existing(Path.GetDirectoryName(folder) ?? "/");
}
