using System.IO.Compression;
using CsCheck;
using Heirloom.Data.Formats;

namespace Heirloom.Tests.Data.Formats;

public sealed class IdxTests
{
    private static readonly byte[] _good = [0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_array_is_read_plain_and_compressed(bool compressed)
    {
        var array = Read(compressed ? Gzip(_good) : _good);
        Assert.Equal([2, 3], array.Shape);
        Assert.Equal([1, 2, 3, 4, 5, 6], array.Values);
    }

    [Fact]
    public void A_cut_file_is_refused_wherever_it_is_cut()
    {
        var compressed = Gzip(_good);
        Assert.All(Enumerable.Range(0, _good.Length), length => Assert.Throws<UserError>(() => Idx.Parse(_good[..length], "bytes")));
        // the end of a gzip stream is a checksum that the framework does not ask for; what it protects is checked by the sizes
        Assert.All(Enumerable.Range(0, compressed.Length - 10), length => Assert.Throws<UserError>(() => Read(compressed[..length])));
    }

    [Fact]
    public void Sizes_that_overflow_are_refused() =>
        Assert.Contains("holds", Assert.Throws<UserError>(() => Read([0, 0, 8, 4, .. Enumerable.Repeat((byte)0x7F, 16)])).Message);

    [Fact]
    public void Any_bytes_are_read_or_refused() => Gen.Byte.Array[0, 40].Sample(bytes =>
    {
        try
        {
            _ = Idx.Parse([.. _good[..(bytes.Length % 13)], .. bytes], "bytes");
        }
        catch (UserError)
        {
        }
    }, iter: 500);

    private static byte[] Gzip(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal))
        {
            gzip.Write(bytes);
        }

        return packed.ToArray();
    }

    private static Idx Read(byte[] bytes)
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, bytes);
            return Idx.Read(path);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
