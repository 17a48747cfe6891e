using System.Buffers.Binary;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using Heirloom.Data.Tokens;

namespace Heirloom.Tests.Data;

/// <summary>A corpus larger than the memory that a process may have is read whole and at random.</summary>
public sealed class LargeTokenFileTests : IDisposable
{
    private const long Tokens = 150_000_000;
    private const int Documents = 1000;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>300 MB of ids; reading all of them, and then batches from everywhere, allocates less than 20 MB in total.</summary>
    [Fact]
    public void ReadingAllocatesLittle()
    {
        using var file = Sparse();
        Assert.True(new FileInfo(file.Path).Length > 300_000_000);
        var into = new long[65_536];
        var batches = new PackedBatches(file, new() { ContextLength = 512, BatchSize = 4 }, new Seed(1));
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var at = 0L; at + into.Length <= Tokens; at += into.Length)
        {
            file.Read(at, into);
        }

        for (var step = 0; step < 100; step++)
        {
            batches.At(step * 700).Tensors.ToList().ForEach(t => t.Dispose());
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 20_000_000);
    }

    /// <summary>The test above in a process whose managed heap may not grow beyond 96 MB.</summary>
    [Fact]
    public void FitsAHeapSmallerThanTheFile()
    {
        var program = Path.Combine(AppContext.BaseDirectory, "Heirloom.Tests" + (OperatingSystem.IsWindows() ? ".exe" : ""));
        var start = new ProcessStartInfo(program, ["-method", $"{typeof(LargeTokenFileTests).FullName}.{nameof(ReadingAllocatesLittle)}"]) { RedirectStandardOutput = true };
        start.Environment["DOTNET_GCHeapHardLimit"] = (96 << 20).ToString("X");
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0 && output.Contains("Total: 1", StringComparison.Ordinal), output);
    }

    /// <summary>A file of zeros with holes instead of blocks, so that the test costs no disk; everything else is as the writer makes it.</summary>
    private TokenFile Sparse()
    {
        var path = Path.Combine(_folder.Path, "large.tokens");
        var info = TokenCorpus.Info(50_000) with { Width = 2, Tokens = Tokens, Documents = Documents };
        var layout = info.Layout;
        using (var stream = File.Create(path))
        {
            stream.Write(TokenFileLayout.Magic);
            stream.Write([TokenFileInfo.CurrentVersion, 0, 0, 0]);
            stream.Position = layout.Offsets;
            var number = new byte[8];
            for (var i = 1; i <= Documents; i++)
            {
                BinaryPrimitives.WriteInt64LittleEndian(number, Tokens / Documents * i);
                stream.Write(number);
            }

            stream.Flush();
            var zeros = TokenFileLayout.HashOf(new byte[TokenFileLayout.BlockSize]);
            var hashes = new MemoryStream();
            for (var block = 0L; block < layout.Blocks; block++)
            {
                var from = block * TokenFileLayout.BlockSize;
                var last = from + TokenFileLayout.BlockSize > layout.Offsets;
                BinaryPrimitives.WriteUInt64LittleEndian(number, block > 0 && !last ? zeros : HashOf(stream, from, Math.Min(layout.Hashes - from, TokenFileLayout.BlockSize)));
                hashes.Write(number);
            }

            var footer = JsonSerializer.SerializeToUtf8Bytes(info);
            byte[] summed = [.. hashes.ToArray(), .. footer];
            stream.Position = layout.Hashes;
            stream.Write(summed);
            BinaryPrimitives.WriteInt64LittleEndian(number, footer.Length);
            stream.Write(number);
            stream.Write(SHA256.HashData(summed));
            stream.Write(TokenFileLayout.Magic);
        }

        return TokenFile.Open(path, "tokenizer");
    }

    private static ulong HashOf(FileStream stream, long from, long length)
    {
        var block = new byte[length];
        stream.Position = from;
        stream.ReadExactly(block);
        return TokenFileLayout.HashOf(block);
    }
}
