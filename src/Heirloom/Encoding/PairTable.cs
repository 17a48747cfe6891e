using System.Runtime.InteropServices;

namespace Heirloom.Encoding;

/// <summary>Pairs of ids, numbered as they come, each with its count and the words in which it has appeared since it was last queued.</summary>
internal sealed class PairTable
{
    private readonly List<State> _states = [];
    private int[] _slots = new int[1 << 12]; // a pair's number plus one, by open addressing: the framework's hash of a pair collides with its mirror image

    /// <summary>Adds to a pair's count, which may be negative.</summary>
    /// <returns>The pair's number.</returns>
    public int Add(ulong pair, long count)
    {
        var number = Number(pair);
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

    private int Number(ulong pair)
    {
        var at = Slot(pair);
        while (_slots[at] != 0)
        {
            if (At(_slots[at] - 1).Pair == pair)
            {
                return _slots[at] - 1;
            }

            at = (at + 1) & (_slots.Length - 1);
        }

        _states.Add(new() { Pair = pair });
        _slots[at] = _states.Count;
        if (_states.Count * 2 > _slots.Length)
        {
            Grow();
        }

        return _states.Count - 1;
    }

    private void Grow()
    {
        _slots = new int[_slots.Length * 2];
        for (var number = 0; number < _states.Count; number++)
        {
            var at = Slot(At(number).Pair);
            while (_slots[at] != 0)
            {
                at = (at + 1) & (_slots.Length - 1);
            }

            _slots[at] = number + 1;
        }
    }

    private int Slot(ulong pair) => (int)((pair * 0x9E3779B97F4A7C15UL) >> 32) & (_slots.Length - 1);

    private ref State At(int number) => ref CollectionsMarshal.AsSpan(_states)[number];

    private struct State
    {
        public ulong Pair;
        public long Count;
        public List<int>? Gains;
    }
}
