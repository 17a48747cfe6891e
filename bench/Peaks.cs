using System.Diagnostics;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Bench;

/// <summary>What the machine can do at most, measured when first asked for.</summary>
internal static class Peaks
{
    private static readonly Dictionary<ScalarType, double> s_products = [];
    private static readonly Lazy<double> s_memory = new(MeasureMemory), s_write = new(MeasureWrite);

    /// <summary>Bytes a second that all cores read and write together when they copy.</summary>
    public static double Memory => s_memory.Value;

    /// <summary>Bytes a second that reach the disk of the temporary folder, flushed.</summary>
    public static double Write => s_write.Value;

    /// <summary>Floating-point operations a second of the library's matrix product, the best of several shapes.</summary>
    public static double Product(ScalarType type)
    {
        if (!s_products.TryGetValue(type, out var known))
        {
            long[] sizes = [1024, 2048, 4096];
            s_products[type] = known = sizes.Max(n => MeasureProduct(n, type));
        }

        return known;
    }

    private static double MeasureProduct(long n, ScalarType type)
    {
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        var (a, b) = (randn(n, n).to(type), randn(n, n).to(type));
        var best = double.MaxValue;
        var total = Stopwatch.StartNew();
        for (var i = 0; i < 5 || total.Elapsed.TotalSeconds < 1; i++)
        {
            var clock = Stopwatch.StartNew();
            a.matmul(b).Dispose();
            best = i == 0 ? best : Math.Min(best, clock.Elapsed.TotalSeconds);
        }

        return 2.0 * n * n * n / best;
    }

    private static unsafe double MeasureMemory()
    {
        const int bytes = 256 << 20;
        var cores = Environment.ProcessorCount;
        var (from, to) = (new byte[cores][], new byte[cores][]);
        for (var i = 0; i < cores; i++)
        {
            (from[i], to[i]) = (GC.AllocateUninitializedArray<byte>(bytes / cores, pinned: true), GC.AllocateUninitializedArray<byte>(bytes / cores, pinned: true));
            from[i].AsSpan().Fill(1);
        }

        var best = double.MaxValue;
        for (var round = 0; round < 8; round++)
        {
            var clock = Stopwatch.StartNew();
            Parallel.For(0, cores, i => from[i].CopyTo(to[i], 0));
            best = Math.Min(best, clock.Elapsed.TotalSeconds);
        }

        return 2.0 * bytes / best;
    }

    private static double MeasureWrite()
    {
        var path = Path.Combine(Path.GetTempPath(), $"heirloom-bench-{Environment.ProcessId}.disk");
        var block = new byte[16 << 20];
        new Random(1).NextBytes(block);
        try
        {
            var best = 0.0;
            for (var round = 0; round < 3; round++)
            {
                var clock = Stopwatch.StartNew();
                using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, 0);
                for (var i = 0; i < 16; i++)
                {
                    file.Write(block);
                }

                file.Flush(flushToDisk: true);
                best = Math.Max(best, 16.0 * block.Length / clock.Elapsed.TotalSeconds);
            }

            return best;
        }
        finally
        {
            File.Delete(path);
        }
    }
}
