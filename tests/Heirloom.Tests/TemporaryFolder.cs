namespace Heirloom.Tests;

/// <summary>A private folder for one test, gone with it.</summary>
public sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("heirloom-").FullName;

    public static string operator /(TemporaryFolder folder, string name) => System.IO.Path.Combine(folder.Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
