namespace Heirloom.Tests.Checkpoints;

/// <summary>A private folder that goes with the test.</summary>
internal sealed class Scratch : IDisposable
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("heirloom-test-").FullName;

    public string File(params string[] names) => Path.Combine([Folder, .. names]);

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
