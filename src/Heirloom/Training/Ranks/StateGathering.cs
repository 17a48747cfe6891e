using System.Text.Json;
using Heirloom.Core.Ranks;
using static TorchSharp.torch;

namespace Heirloom.Training.Ranks;

/// <summary>Brings what ranks hold apart to the leader, who writes it as one, so that any number of ranks can read it.</summary>
internal static class StateGathering
{
    private sealed record Entry(string Name, ScalarType Type, long[] Shape);

    /// <summary>All ranks' tensors on the leader (on the CPU, those of others owned by the caller's dispose scope); none on the others.</summary>
    public static IReadOnlyList<KeyValuePair<string, Tensor>> ToLeader(IReadOnlyList<KeyValuePair<string, Tensor>> mine, IRanks ranks)
    {
        var lists = ranks.Gather(JsonSerializer.SerializeToUtf8Bytes(mine.Select(m => new Entry(m.Key, m.Value.dtype, m.Value.shape))));
        if (!ranks.Leads)
        {
            foreach (var (_, value) in mine)
            {
                using var scope = NewDisposeScope();
                ranks.Send(value.detach().cpu().contiguous(), to: 0);
            }

            return [];
        }

        var all = new List<KeyValuePair<string, Tensor>>(mine);
        for (var rank = 1; rank < ranks.Count; rank++)
        {
            foreach (var (name, type, shape) in JsonSerializer.Deserialize<Entry[]>(lists[rank])!)
            {
                var value = empty(shape, dtype: type);
                ranks.Receive(value, rank);
                all.Add(new(name, value));
            }
        }

        return all;
    }
}
