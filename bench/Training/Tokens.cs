using Heirloom.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Bench.Training;

/// <summary>Batches of tokens drawn by Zipf's law, as text has them.</summary>
internal static class Tokens
{
    private const int Batches = 8;

    /// <summary>Rows with the next token as the target at every place but the last.</summary>
    public static IReadOnlyList<TokenBatch> Rows(int rows, int length, int vocabulary) =>
        [.. Enumerable.Range(0, Batches).Select(i => new TokenBatch(tensor(Draw(i, rows * length, vocabulary), [rows, length])))];

    /// <summary>Sources and targets.</summary>
    public static IReadOnlyList<SequencePairBatch> Pairs(int rows, int source, int target, int vocabulary) =>
        [.. Enumerable.Range(0, Batches).Select(i => new SequencePairBatch(
            tensor(Draw(i, rows * source, vocabulary), [rows, source]),
            ones(rows, source, dtype: ScalarType.Bool),
            tensor(Draw(i + Batches, rows * target, vocabulary), [rows, target])))];

    private static long[] Draw(int index, int count, int vocabulary)
    {
        // the first few are left to special tokens
        const int special = 4;
        var rng = new Seed(7).For("tokens", index).Random();
        return [.. Enumerable.Range(0, count).Select(_ => special + Math.Min((long)Math.Pow(vocabulary - special, rng.NextDouble()) - 1, vocabulary - special - 1))];
    }
}
