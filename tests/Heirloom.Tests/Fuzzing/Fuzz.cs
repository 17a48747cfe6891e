using System.Diagnostics;
using CsCheck;

namespace Heirloom.Tests.Fuzzing;

/// <summary>
/// One input after another that somebody may have damaged or made with ill will: each is read, or refused in one line. For minutes:
/// <c>Heirloom.Tests -explicit only -method '*Mutated_for_minutes*'</c>, with <c>CsCheck_Time</c> in seconds for longer.
/// </summary>
internal static class Fuzz
{
    public const int Minutes = 600;

    /// <summary>Runs the cases of so many seeds, or of as many as fit into the seconds.</summary>
    /// <param name="folder">Where a case lies that takes the process with it.</param>
    /// <param name="make">Makes a case.</param>
    /// <param name="run">Reads it, and does with it what a user would.</param>
    /// <param name="iterations">Or −1.</param>
    /// <param name="seconds">Or −1; a case then may not take longer than one of them, since for so long nobody waits.</param>
    /// <param name="bytes">What a case may allocate in all.</param>
    public static void Run(TemporaryFolder folder, Func<Random, byte[]> make, Action<byte[]> run, int iterations = -1, int seconds = -1, long bytes = 200_000_000)
    {
        var last = folder / "case";
        void Case(int seed)
        {
            var bytesOfCase = make(new Random(seed));
            if (seconds > 0)
            {
                File.WriteAllBytes(last, bytesOfCase);
            }

            var (watch, before) = (Stopwatch.StartNew(), GC.GetAllocatedBytesForCurrentThread());
            try
            {
                run(bytesOfCase);
            }
            catch (UserError e)
            {
                Assert.False(e.Message.Contains('\n', StringComparison.Ordinal) || e.Message.Contains('\0', StringComparison.Ordinal), $"not one line: {e.Message}\n{Show(bytesOfCase)}");
            }
            catch (Exception e)
            {
                Assert.Fail($"{e}\n{Show(bytesOfCase)}");
            }

            Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < bytes, $"takes {GC.GetAllocatedBytesForCurrentThread() - before} bytes:\n{Show(bytesOfCase)}");
            Assert.True(seconds < 0 || watch.Elapsed.TotalSeconds < 20, $"takes {watch.Elapsed}:\n{Show(bytesOfCase)}");
        }

        // the suite's cases are the same every time; minutes explore
        if (iterations > 0)
        {
            Enumerable.Range(0, iterations).ToList().ForEach(Case);
            return;
        }

        Gen.Int[0, int.MaxValue].Sample(Case, time: seconds, threads: 1);
    }

    /// <summary>A file with some bytes changed, put in, taken out or repeated, and now and then cut off.</summary>
    /// <param name="valid">The file.</param>
    /// <param name="random">Draws.</param>
    /// <param name="signs">Bytes that mean something in it.</param>
    public static byte[] Bytes(byte[] valid, Random random, string signs)
    {
        var bytes = valid.ToList();
        for (var changes = random.Next(1, 6); changes > 0 && bytes.Count > 0; changes--)
        {
            // most structure stands at the beginning
            var at = random.Next(2) == 0 ? random.Next(bytes.Count) : random.Next(Math.Min(200, bytes.Count));
            switch (random.Next(5))
            {
                case 0: bytes[at] = (byte)random.Next(256); break;
                case 1: bytes.Insert(at, (byte)random.Next(256)); break;
                case 2: bytes.RemoveAt(at); break;
                case 3: bytes.InsertRange(at, bytes.GetRange(random.Next(bytes.Count) is var from ? from : 0, Math.Min(random.Next(40), bytes.Count - from))); break;
                default: bytes[at] = (byte)signs[random.Next(signs.Length)]; break;
            }
        }

        return random.Next(8) == 0 ? [.. bytes[..random.Next(bytes.Count + 1)]] : [.. bytes];
    }

    private static string Show(byte[] bytes) => TextEncoding.UTF8.GetString(bytes.AsSpan(0, Math.Min(bytes.Length, 6000)));
}
