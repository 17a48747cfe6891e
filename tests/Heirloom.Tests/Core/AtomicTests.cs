namespace Heirloom.Tests.Core;

public sealed class AtomicTests : IDisposable
{
    private const int NoProcess = int.MaxValue;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void WhatAKilledProcessLeftIsSwept()
    {
        var (target, old, young, living) = (_folder / "model", Left(NoProcess, hours: 2), Left(NoProcess - 1, hours: 0), Left(Environment.ProcessId, hours: 2));

        Atomic.WriteFolder(target, draft => File.WriteAllText(Path.Combine(draft, "a"), "new"));

        Assert.Equal("new", File.ReadAllText(Path.Combine(target, "a")));
        Assert.False(Directory.Exists(old));
        Assert.True(Directory.Exists(young));
        Assert.True(Directory.Exists(living));
    }

    [Fact]
    public void AFailedFillLeavesTheOldFolderAndNothingElse()
    {
        var target = _folder / "model";
        Atomic.WriteFolder(target, draft => File.WriteAllText(Path.Combine(draft, "a"), "old"));

        Assert.Throws<UserError>(() => Atomic.WriteFolder(target, draft => throw new IOException("no space")));

        Assert.Equal("old", File.ReadAllText(Path.Combine(target, "a")));
        Assert.Equal([target], Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void ManyFilesArriveWhole()
    {
        Atomic.WriteFolder(_folder / "many", draft =>
        {
            for (var i = 0; i < 300; i++)
            {
                File.WriteAllText(Path.Combine(draft, $"{i}"), $"{i}");
            }
        });

        Assert.All(Enumerable.Range(0, 300), i => Assert.Equal($"{i}", File.ReadAllText(Path.Combine(_folder / "many", $"{i}"))));
    }

    private string Left(int process, int hours)
    {
        var path = _folder / $"model.partial-{process}-1";
        Directory.CreateDirectory(path);
        Directory.SetLastWriteTimeUtc(path, (TimeProvider.System.GetUtcNow() - TimeSpan.FromHours(hours)).UtcDateTime);
        return path;
    }
}
