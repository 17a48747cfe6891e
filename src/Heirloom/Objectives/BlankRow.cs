using Heirloom.Data;
using Heirloom.Models.Text;
using static TorchSharp.torch;

namespace Heirloom.Objectives;

/// <summary>One text with blanks and what fills them, with the two positions of every token.</summary>
internal sealed record BlankRow(List<long> Ids, List<long> Positions, List<long> BlankPositions, List<long> Targets, int TextLength)
{
    /// <param name="text">Without blanks.</param>
    /// <param name="spans">Disjoint, in order.</param>
    /// <param name="config">Special ids.</param>
    /// <param name="rng">Decides the order in which blanks are filled.</param>
    public static BlankRow Of(long[] text, IReadOnlyList<Range> spans, BlankInfillingConfig config, Rng rng)
    {
        var row = new BlankRow([], [], [], [], 0);
        var masks = new int[spans.Count];
        var at = 0;
        for (var s = 0; s < spans.Count; s++)
        {
            row.AddText(text.AsSpan(at..spans[s].Start.Value));
            masks[s] = row.Ids.Count;
            row.AddText([config.MaskToken]);
            at = spans[s].End.Value;
        }

        row.AddText(text.AsSpan(at));
        var length = row.Ids.Count;
        var order = Enumerable.Range(0, spans.Count).ToArray();
        rng.Shuffle<int>(order);
        foreach (var s in order)
        {
            row.AddBlank(text[spans[s]], masks[s], config);
        }

        return row with { TextLength = length };
    }

    /// <summary>Rows padded to the longest, with as much padding at the end as there is no text.</summary>
    public static (BlankInputs Inputs, Tensor Targets) Collate(IReadOnlyList<BlankRow> rows, Device device)
    {
        var width = Math.Max(1, rows.Max(r => r.Ids.Count));
        return (
            new(Padded(r => r.Ids, 0), Padded(r => r.Positions, 0), Padded(r => r.BlankPositions, 0), tensor(rows.Select(r => (long)r.TextLength).ToArray(), device: device)),
            Padded(r => r.Targets, TokenBatch.Ignore));

        Tensor Padded(Func<BlankRow, List<long>> part, long filler) => tensor(
            rows.SelectMany(r => part(r).Concat(Enumerable.Repeat(filler, width - r.Ids.Count))).ToArray(), [rows.Count, width], device: device);
    }

    private void AddText(ReadOnlySpan<long> tokens)
    {
        foreach (var token in tokens)
        {
            Positions.Add(Ids.Count);
            Ids.Add(token);
            BlankPositions.Add(0);
            Targets.Add(TokenBatch.Ignore);
        }
    }

    private void AddBlank(long[] span, int mask, BlankInfillingConfig config)
    {
        for (var i = 0; i <= span.Length; i++)
        {
            Ids.Add(i == 0 ? config.StartToken : span[i - 1]);
            Positions.Add(mask);
            BlankPositions.Add(i + 1);
            Targets.Add(i < span.Length ? span[i] : config.EndToken);
        }
    }
}
