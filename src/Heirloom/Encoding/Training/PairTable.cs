using System.Runtime.InteropServices;

namespace Heirloom.Encoding.Training;

/// <summary>Pairs of ids, numbered as they come, each with its count and the words in which it has appeared since it was last queued.</summary>
internal sealed class PairTable
{
    private readonly Dictionary<ulong, int> _numbers = [];
    private readonly List<State> _states = [];

    /// <summary>Adds to a pair's count, which may be negative.</summary>
    /// <returns>The pair's number.</returns>
    public int Add(ulong pair, long count)
    {
        ref var number = ref CollectionsMarshal.GetValueRefOrAddDefault(_numbers, pair, out var known);
        if (!known)
        {
            number = _states.Count;
            _states.Add(new() { Pair = pair });
        }

        At(number).Count += count;
        return number;
    }

    public long Count(int number) => At(number).Count;

    public ulong Pair(int number) => At(number).Pair;

    /// <summary>Notes that a pair has appeared in a word. Words come one after another, so a repeated one is the last.</summary>
    /// <returns>Whether it is the pair's first since it was last queued.</returns>
    public bool Gain(int number, int word)
    {
        ref var state = ref At(number);
        if (state.Gains is null)
        {
            state.Gains = [word];
            return true;
        }

        if (state.Gains[^1] != word)
        {
            state.Gains.Add(word);
        }

        return false;
    }

    public List<int> TakeGains(int number)
    {
        ref var state = ref At(number);
        var gains = state.Gains!;
        state.Gains = null;
        return gains;
    }

    private ref State At(int number) => ref CollectionsMarshal.AsSpan(_states)[number];

    private struct State
    {
        public ulong Pair;
        public long Count;
        public List<int>? Gains;
    }
}
