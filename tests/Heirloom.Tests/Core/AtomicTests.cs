namespace Heirloom.Tests.Core;

public sealed class AtomicTests : IDisposable
{
    private const int NoProcess = int.MaxValue;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void WhatAKilledProcessLeftIsSwept()
    {
        var (target, old, young, stranger) = (_folder / "model", Left(NoProcess, hours: 2), Left(NoProcess - 1, hours: 0), Left(Environment.ProcessId, hours: 2));
        var growing = Left(NoProcess - 2, hours: 2);
        File.WriteAllText(Path.Combine(growing, "weights"), "");
        Directory.SetLastWriteTimeUtc(growing, Ago(hours: 2));

        Atomic.WriteFolder(target, draft => File.WriteAllText(Path.Combine(draft, "a"), "new"));

        Assert.Equal("new", File.ReadAllText(Path.Combine(target, "a")));
        Assert.False(Directory.Exists(old));
        Assert.True(Directory.Exists(young));
        Assert.True(Directory.Exists(growing));
        Assert.False(Directory.Exists(stranger)); // a container's only program has the same id each time
    }

    [Fact]
    public void WhatThisProcessIsWritingIsNotSwept()
    {
        var target = _folder / "model";
        Atomic.WriteFolder(target, draft =>
        {
            File.WriteAllText(Path.Combine(draft, "a"), "outer");
            File.SetLastWriteTimeUtc(Path.Combine(draft, "a"), Ago(hours: 2));
            Directory.SetLastWriteTimeUtc(draft, Ago(hours: 2));
            Atomic.WriteFolder(target, inner => File.WriteAllText(Path.Combine(inner, "a"), "inner"));
        });

        Assert.Equal("outer", File.ReadAllText(Path.Combine(target, "a")));
        Assert.Equal([target], Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void AProcessThatBeganAfterTheLastWriteIsNotTheWriter()
    {
        using var other = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(
            Path.Combine(AppContext.BaseDirectory, "Heirloom.Tests" + (OperatingSystem.IsWindows() ? ".exe" : "")), ["-list", "full"]) { RedirectStandardOutput = true })!;
        try
        {
            Assert.False(Drafts.MayBeWriting($"{other.Id}-0-1", Ago(hours: 2)));
            Assert.True(Drafts.MayBeWriting($"{other.Id}-0-1", Ago(hours: -1)));
        }
        finally
        {
            other.Kill();
        }
    }

    [Fact]
    public void WhatACrashLeftBetweenTwoMovesIsPutBack()
    {
        var target = _folder / "model";
        Atomic.WriteFolder(target, draft => File.WriteAllText(Path.Combine(draft, "a"), "old"));
        Directory.Move(target, Stamped("model.old-"));
        Directory.CreateDirectory(_folder / "theirs.old-2"); // a user's own

        Atomic.Restore(_folder.Path);

        Assert.Equal("old", File.ReadAllText(Path.Combine(target, "a")));
        Assert.Equal([target, _folder / "theirs.old-2"], Directory.GetDirectories(_folder.Path).Order());
    }

    [Fact]
    public void WhatACrashLeftAfterTwoMovesIsSwept()
    {
        var target = _folder / "model";
        Directory.CreateDirectory(target);
        var left = Directory.CreateDirectory(Stamped("model.old-")).FullName;
        Directory.SetLastWriteTimeUtc(left, Ago(hours: 2));

        Atomic.WriteFolder(target, draft => File.WriteAllText(Path.Combine(draft, "a"), "new"));

        Assert.Equal([target], Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void TwoMovesDoWhatAnExchangeDoes()
    {
        var (target, draft) = (_folder / "model", _folder / "draft");
        Directory.CreateDirectory(target);
        Directory.CreateDirectory(draft);
        File.WriteAllText(Path.Combine(draft, "a"), "new");

        Atomic.ReplaceInTwoMoves(draft, target);

        Assert.Equal("new", File.ReadAllText(Path.Combine(target, "a")));
        Assert.Equal([target], Directory.GetFileSystemEntries(_folder.Path));
        Assert.Throws<DirectoryNotFoundException>(() => Atomic.ReplaceInTwoMoves(draft, target));
        Assert.Equal("new", File.ReadAllText(Path.Combine(target, "a")));
    }

    [Fact]
    public void FoldersAreFlushedBeforeThoseThatHoldThem()
    {
        Directory.CreateDirectory(_folder / "a/b");
        Directory.CreateDirectory(_folder / "c");

        var order = Atomic.FoldersBottomUp(_folder.Path).ToList();

        Assert.Equal(4, order.Count);
        Assert.Equal(_folder.Path, order[^1]);
        Assert.True(order.IndexOf(_folder / "a/b") < order.IndexOf(_folder / "a"));
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

    private static DateTime Ago(int hours) => (TimeProvider.System.GetUtcNow() - TimeSpan.FromHours(hours)).UtcDateTime;

    private string Stamped(string prefix) => _folder / $"{prefix}{NoProcess}-{new string('0', 32)}-1";

    private string Left(int process, int hours)
    {
        var path = _folder / $"model.partial-{process}-1";
        Directory.CreateDirectory(path);
        Directory.SetLastWriteTimeUtc(path, Ago(hours));
        return path;
    }
}
