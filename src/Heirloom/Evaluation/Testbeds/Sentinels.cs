using System.Collections.Immutable;
using Heirloom.Encoding;
using Heirloom.Objectives;

namespace Heirloom.Evaluation.Testbeds;

/// <summary>T5's sentinels in a tokenizer: <c>&lt;extra_id_0&gt;</c> stands for a text's first span and has the highest id.</summary>
public static class Sentinels
{
    /// <summary>The special tokens to train a tokenizer with, in the order of their ids.</summary>
    public static ImmutableArray<string> Names(int count) => [.. Enumerable.Range(0, count).Reverse().Select(Name)];

    /// <summary>How spans are cut out under a tokenizer that was trained with <see cref="Names"/>.</summary>
    /// <exception cref="UserError">The tokenizer has no sentinels, their ids do not descend, or nothing ends a text.</exception>
    public static SpanCorruptionConfig Of(ITokenizer tokenizer)
    {
        var first = tokenizer.IdOf(Name(0)) ?? throw new UserError($"there is no token '{Name(0)}'", "tokenizer", "train it with sentinels as special tokens");
        var count = Enumerable.Range(0, int.MaxValue).TakeWhile(i => tokenizer.IdOf(Name(i)) == first - i).Count();
        var end = tokenizer.EndOfText ?? throw new UserError("no token ends a text", "tokenizer");
        return new() { FirstSentinel = first, Sentinels = count, EndToken = end, PadToken = tokenizer.Padding ?? end };
    }

    private static string Name(int span) => $"<extra_id_{span}>";
}
