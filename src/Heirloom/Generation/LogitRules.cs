using static TorchSharp.torch;

namespace Heirloom.Generation;

/// <summary>Forbids a token that would complete a run of n tokens which the row, prompt included, holds already (Paulus, Xiong and Socher 2018).</summary>
/// <param name="n">Length of the runs; 1 forbids every token that the row holds.</param>
public sealed class NoRepeatNGram(int n) : ILogitRule
{
    public Tensor Apply(Tensor logits, IReadOnlyList<IReadOnlyList<int>> rows)
    {
        using var scope = NewDisposeScope();
        var vocabulary = logits.shape[1];
        var forbidden = rows.SelectMany((row, b) => Completions(row).Select(id => (b * vocabulary) + id)).Distinct().ToArray();
        return (forbidden.Length == 0
            ? logits.alias()
            : logits.reshape(-1).index_fill(0, tensor(forbidden, device: logits.device), double.NegativeInfinity).view_as(logits)).MoveToOuterDisposeScope();
    }

    /// <summary>What stood after every earlier occurrence of the row's last n − 1 tokens.</summary>
    private IEnumerable<int> Completions(IReadOnlyList<int> row)
    {
        var start = row.Count - n + 1;
        for (var at = 0; at < start; at++)
        {
            var same = true;
            for (var i = 0; same && i < n - 1; i++)
            {
                same = row[at + i] == row[start + i];
            }

            if (same)
            {
                yield return row[at + n - 1];
            }
        }
    }
}

/// <summary>Lowers the logits of tokens that were written: once each (presence) and for every time (frequency); the prompt does not count.</summary>
/// <param name="presence">Taken from each token that was written.</param>
/// <param name="frequency">Taken for every time.</param>
/// <param name="prompt">Tokens of the rows' prompt.</param>
public sealed class CountPenalty(double presence, double frequency, int prompt) : ILogitRule
{
    public Tensor Apply(Tensor logits, IReadOnlyList<IReadOnlyList<int>> rows)
    {
        using var scope = NewDisposeScope();
        var vocabulary = logits.shape[1];
        var counts = rows.SelectMany((row, b) => row.Skip(prompt).GroupBy(id => id).Select(g => (Index: (b * vocabulary) + g.Key, Penalty: (float)(presence + (frequency * g.Count()))))).ToArray();
        if (counts.Length == 0)
        {
            return logits.alias().MoveToOuterDisposeScope();
        }

        var index = tensor(counts.Select(c => c.Index).ToArray(), device: logits.device);
        var penalty = tensor(counts.Select(c => c.Penalty).ToArray(), device: logits.device).to(logits.dtype);
        return logits.reshape(-1).index_add(0, index, penalty, -1).view_as(logits).MoveToOuterDisposeScope();
    }
}
