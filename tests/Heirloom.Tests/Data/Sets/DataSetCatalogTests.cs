using Heirloom.Data.Sets;

namespace Heirloom.Tests.Data.Sets;

public sealed class DataSetCatalogTests : IDisposable
{
    private readonly FakePackages _fake = new();

    public void Dispose() => _fake.Dispose();

    [Fact]
    public void Every_set_is_described_and_pinned()
    {
        var sets = new DataSetCatalog(_fake.Work).Sets;
        Assert.Equal(sets.Count, sets.Select(s => s.Name).Distinct().Count());
        Assert.All(sets, set =>
        {
            Assert.Matches("^[a-z0-9-]+$", set.Name);
            Assert.Matches("^[0-9a-f]{64}$", set.Content);
            Assert.Matches("^[0-9a-f]{64}$", set.Package.Sha256);
            Assert.NotEmpty(set.License);
            Assert.NotEmpty(set.Description);
            Assert.NotEmpty(set.Files);
            Assert.True(set.Count > 0 && set.Package.Size > 0);
        });
    }

    [Fact]
    public void A_set_is_downloaded_once_and_read_from_the_cache()
    {
        var client = Copies();
        var catalog = _fake.Catalog(client);
        Assert.False(catalog.IsCached(_fake.Set));

        var source = catalog.OpenText("letters");
        Assert.Equal(["alpha", "beta"], source.Read().Select(d => d.Text));
        Assert.Equal(["beta"], catalog.OpenText("letters", "b").Read().Select(d => d.Text));
        Assert.Equal(source.Read(), source.Read(), (a, b) => a.Id == b.Id);
        Assert.Equal(1, client.Downloads);
        Assert.Contains(_fake.Set.Content, source.Fingerprint);

        // only what the set is made of was kept
        Assert.Equal(["a.txt", "b.txt"], Directory.EnumerateFiles(catalog.FolderOf(_fake.Set)).Select(Path.GetFileName).Order());
        Assert.False(Directory.Exists(Path.Combine(_fake.CacheFolder, ".download")));
    }

    [Theory]
    [InlineData("changed")]
    [InlineData("cut")]
    [InlineData("extra")]
    [InlineData("lost")]
    public void A_damaged_copy_is_not_used_but_downloaded_again(string damage)
    {
        var client = Copies();
        var catalog = _fake.Catalog(client);
        var file = Path.Combine(catalog.Fetch(_fake.Set), "a.txt");
        switch (damage)
        {
            case "changed":
                File.WriteAllText(file, "alphA");
                break;
            case "cut":
                File.WriteAllText(file, "alph");
                break;
            case "extra":
                File.WriteAllText(file + "t", "");
                break;
            default:
                File.Delete(file);
                break;
        }

        Assert.False(catalog.IsCached(_fake.Set));
        Assert.Equal("alpha", catalog.OpenText("letters").Read().First().Text);
        Assert.Equal(2, client.Downloads);
    }

    [Fact]
    public void Sets_of_one_package_share_its_download()
    {
        var client = Copies();
        var catalog = _fake.Catalog(client, _fake.Set, new FakePackages.LetterSet(_fake.Archive, name: "same"));
        catalog.Fetch(catalog.Sets);
        Assert.Equal(1, client.Downloads);
        Assert.All(catalog.Sets, set => Assert.True(catalog.IsCached(set)));
    }

    [Fact]
    public void A_missing_client_is_said_before_anything_is_made()
    {
        var catalog = _fake.Catalog(new FakePackages.Client(_ => "", missing: "'npm' is not on PATH: install Node.js"));
        Assert.False(catalog.CanFetch(_fake.Set, out var missing));
        Assert.Contains("Node.js", missing);
        var e = Assert.Throws<UserError>(() => catalog.Fetch(_fake.Set));
        Assert.Contains("letters", e.Message);
        Assert.Contains("not on PATH", e.Message);
        Assert.False(Directory.Exists(_fake.CacheFolder));
    }

    [Fact]
    public void An_archive_with_another_checksum_is_refused()
    {
        Refused("SHA-256", new FakePackages.Client(folder => Made(folder, ("package/notes/a.txt", "alpha"), ("package/notes/b.txt", "BETA"))));
    }

    [Fact]
    public void A_rebuilt_archive_is_judged_by_its_content()
    {
        var catalog = _fake.Catalog(new FakePackages.Client(
            folder => Made(folder, ("package/new.txt", "x"), ("package/notes/b.txt", "beta"), ("package/notes/a.txt", "alpha")), rebuilds: true));
        Assert.Equal(2, catalog.OpenText("letters").Read().Count());
    }

    [Fact]
    public void A_rebuilt_archive_with_other_content_is_refused() =>
        Refused("content hash", new FakePackages.Client(folder => Made(folder, ("package/notes/a.txt", "alpha")), rebuilds: true));

    [Theory]
    [InlineData(0)]
    [InlineData(9)]
    [InlineData(100)]
    [InlineData(-1)]
    public void A_truncated_archive_is_refused(int length) => Refused("", new FakePackages.Client(folder =>
    {
        var bytes = File.ReadAllBytes(_fake.Archive);
        var path = Path.Combine(folder, "cut.tgz");
        File.WriteAllBytes(path, bytes[..(length < 0 ? bytes.Length / 2 : Math.Min(length, bytes.Length))]);
        return path;
    }, rebuilds: true));

    [Fact]
    public void A_client_that_dies_midway_leaves_nothing() => Refused("broke", new FakePackages.Client(folder =>
    {
        File.WriteAllText(Path.Combine(folder, "half"), "half");
        throw new UserError("the connection broke");
    }));

    [Fact]
    public void What_a_killed_process_left_is_swept_by_the_next_download()
    {
        var download = Path.Combine(_fake.CacheFolder, ".download", "npm-cache");
        var partial = Path.Combine(_fake.CacheFolder, "letters", "1.0.0.partial-1-1");
        Directory.CreateDirectory(download);
        Directory.CreateDirectory(partial);
        File.WriteAllText(Path.Combine(download, "junk"), "junk");
        File.WriteAllText(Path.Combine(partial, "a.txt"), "al");

        _fake.Catalog(Copies()).Fetch(_fake.Set);
        Assert.False(Directory.Exists(Path.GetDirectoryName(download)));
        Assert.False(Directory.Exists(partial));
    }

    [Fact]
    public void A_failed_download_keeps_the_copy_that_was_there()
    {
        var folder = _fake.Catalog(Copies()).Fetch(_fake.Set);
        var other = new FakePackages.LetterSet(_fake.Archive, content: new string('0', 64));
        Assert.Throws<UserError>(() => _fake.Catalog(Copies(), other).Fetch(other));
        Assert.Equal("alpha", File.ReadAllText(Path.Combine(folder, "a.txt")));
    }

    [Fact]
    public void An_archive_in_hand_can_be_imported_without_a_client()
    {
        var catalog = _fake.Catalog(new FakePackages.Client(_ => "", missing: "no client"));
        catalog.Import(_fake.Set, _fake.Archive);
        Assert.True(catalog.CanFetch(_fake.Set, out _));
        Assert.Equal(2, catalog.OpenText("letters").Read().Count());
        Assert.Throws<UserError>(() => catalog.Import(_fake.Set, _fake.Archive + "x"));
    }

    [Fact]
    public void Two_downloads_at_once_are_one()
    {
        var client = Copies();
        Parallel.For(0, 4, _ => _fake.Catalog(client).Fetch(_fake.Set));
        Assert.Equal(1, client.Downloads);
    }

    [Fact]
    public void Wrong_names_are_answered_with_the_nearest()
    {
        var catalog = new DataSetCatalog(_fake.Work);
        Assert.Contains("did you mean 'sotu'", Assert.Throws<UserError>(() => catalog.Find("stou")).Message);
        Assert.Contains("no splits", Assert.Throws<UserError>(() => catalog.OpenText("sotu", "train")).Message);
        Assert.Contains("did you mean 'a'", Assert.Throws<UserError>(() => _fake.Catalog(Copies()).OpenText("letters", "aa")).Message);
    }

    private FakePackages.Client Copies() => new(folder =>
    {
        var path = Path.Combine(folder, "letters-1.0.0.tgz");
        File.Copy(_fake.Archive, path);
        return path;
    });

    private static string Made(string folder, params (string, string)[] entries)
    {
        var path = Path.Combine(folder, "made.tgz");
        FakePackages.WriteTgz(path, entries);
        return path;
    }

    private void Refused(string because, FakePackages.Client client)
    {
        var e = Assert.Throws<UserError>(() => _fake.Catalog(client).Fetch(_fake.Set));
        Assert.Contains(because, e.Message);
        Assert.DoesNotContain('\n', e.Message);
        _fake.AssertNothingCached();
    }
}
