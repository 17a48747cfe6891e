using System.IO.Compression;
using CsCheck;
using Heirloom.Data.Sets;

namespace Heirloom.Tests.Data.Sets;

public sealed class PackageArchiveTests : IDisposable
{
    // tar archives of usr/share/notes/a.txt ("alpha") and b.txt ("beta"), packed by xz and by zstd
    private const string Xz = "/Td6WFoAAATm1rRGAgAhARwAAAAQz1jM4Cf/AJ5dABcLyyeJ8uv7sv6J4fnJCB0cKx5/hlD7z8AiblPuVvXoYIucEPTnK6pVQDhEbCDLQEcTOnyIzpYUYJ3T+QGdl+56ljlFGGSKhZM1o8AQGePgc1fSJTzqWk1fS0p+4KvhFieZ443cjV/o8CZk8mSOKmy7jS75wEXGQfBeHGRhQZcDMWG0Cb3/1FKdGpfQ2r+S0xoZrkwPIB88VO0f5jkAAAAA/sgH6KsvlpAAAboBgFAAAPVVgcSxxGf7AgAAAAAEWVo=";
    private const string Zstd = "KLUv/WQAJxUEACJFEBGg7YBJ5al/6H9ILrcwPFUzpq2SSef1GAv9QKesMadnAx6IhKjatT07goK84ts5eFXIHeW/+nKMGOK7SDzAKAMIGCBwKygodf4JPcgXoDp26sFOeYB49l61gKmmu+FwqLZTRwBV3lRygLQGDPCkFMYBgP0/mvD+gAMGDTCd1hZCydGh";

    private readonly TemporaryFolder _folder = new();
    private int _made;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("data.tar.xz", Xz)]
    [InlineData("data.tar.zst", Zstd)]
    public void Debian_packages_are_opened_whatever_packed_them(string member, string data) =>
        Assert.Equal(["a.txt=alpha", "b.txt=beta"], Extract(Deb(member, Convert.FromBase64String(data)), "usr/share/notes", "*.txt"));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Debian_packages_may_be_packed_by_gzip_or_not_at_all(bool packed)
    {
        using var tar = new MemoryStream();
        FakePackages.WriteTar(tar, ("./usr/a.txt", "alpha"), ("./usr/deep/c.txt", "gamma"), ("./other/d.txt", "delta"));
        var path = Deb(packed ? "data.tar.gz" : "data.tar", packed ? Gzip(tar.ToArray()) : tar.ToArray());
        Assert.Equal(["a.txt=alpha", "deep/c.txt=gamma"], Extract(path, "usr", "*.txt"));
        Assert.Equal(["c.txt=gamma"], Extract(path, "usr/deep", "*"));
        Assert.Empty(Extract(path, "us", "*"));
    }

    [Theory]
    [InlineData("package/../../evil.txt")]
    [InlineData("package/a/../evil.txt")]
    [InlineData("package//evil.txt")]
    [InlineData("package/..\\evil.txt")]
    public void An_entry_that_leads_elsewhere_is_refused(string name)
    {
        var path = New();
        FakePackages.WriteTgz(path, ("package/a.txt", "alpha"), (name, "evil"));
        Assert.Throws<UserError>(() => Extract(path, "", "*"));
        Assert.DoesNotContain(Directory.EnumerateFiles(_folder.Path, "*evil*", SearchOption.AllDirectories), _ => true);
    }

    [Fact]
    public void A_package_cut_anywhere_is_refused_or_gives_less()
    {
        var bytes = File.ReadAllBytes(Deb("data.tar.xz", Convert.FromBase64String(Xz)));
        Assert.All(Enumerable.Range(0, bytes.Length / 5).Select(i => i * 5), length => Assert.NotEqual(["a.txt=alpha", "b.txt=beta"], Attempt(bytes[..length])));
    }

    [Theory]
    [InlineData("data.tar.xz", Xz)]
    [InlineData("data.tar.zst", Zstd)]
    [InlineData("data.tar.gz", "")]
    public void A_changed_byte_is_never_more_than_one_line(string member, string data)
    {
        using var tar = new MemoryStream();
        FakePackages.WriteTar(tar, ("./usr/share/notes/a.txt", "alpha"));
        var bytes = File.ReadAllBytes(Deb(member, data.Length > 0 ? Convert.FromBase64String(data) : Gzip(tar.ToArray())));
        Gen.Select(Gen.Int[0, bytes.Length - 1], Gen.Byte).Sample((at, value) =>
        {
            var changed = (byte[])bytes.Clone();
            changed[at] = value;
            Attempt(changed);
        }, iter: 100, threads: 1);
    }

    private string[] Attempt(byte[] bytes)
    {
        var path = New();
        File.WriteAllBytes(path, bytes);
        try
        {
            return Extract(path, "usr/share/notes", "*.txt");
        }
        catch (UserError e)
        {
            Assert.DoesNotContain('\n', e.Message);
            return [];
        }
        finally
        {
            File.Delete(path);
        }
    }

    private string[] Extract(string archive, string root, params string[] files)
    {
        var target = Directory.CreateDirectory(New()).FullName;
        PackageArchive.Extract(archive, archive, root, files, target);
        return [.. Directory.EnumerateFiles(target, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select(path => $"{Path.GetRelativePath(target, path).Replace('\\', '/')}={File.ReadAllText(path)}")];
    }

    private string Deb(string member, byte[] data)
    {
        var path = New();
        FakePackages.WriteDeb(path, member, data);
        return path;
    }

    private string New() => Path.Combine(_folder.Path, $"{++_made}");

    private static byte[] Gzip(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal))
        {
            gzip.Write(bytes);
        }

        return packed.ToArray();
    }
}
