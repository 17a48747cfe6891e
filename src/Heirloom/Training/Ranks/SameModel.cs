using Heirloom.Core.Ranks;
using static TorchSharp.torch;

namespace Heirloom.Training.Ranks;

/// <summary>Keeps ranks' copies of a model the same.</summary>
internal static class SameModel
{
    /// <summary>Gives the leader's parameters and buffers to all, since machines may draw or compute other last digits.</summary>
    public static void AsLeaders(nn.Module module, IRanks ranks) => Spread(module.state_dict().Values, ranks);

    /// <summary>Gives the leader's buffers to all: running statistics, which saw each rank's own rows only.</summary>
    public static void BuffersAsLeaders(nn.Module module, IRanks ranks)
    {
        if (ranks.Count > 1)
        {
            using var scope = NewDisposeScope();
            var parameters = module.named_parameters().Select(p => p.name).ToHashSet();
            Spread(module.state_dict().Where(s => !parameters.Contains(s.Key)).Select(s => s.Value), ranks);
        }
    }

    private static void Spread(IEnumerable<Tensor> tensors, IRanks ranks)
    {
        if (ranks.Count == 1)
        {
            return;
        }

        using var _ = no_grad();
        using var scope = NewDisposeScope();
        foreach (var tensor in tensors)
        {
            var flat = tensor.detach().contiguous().view(-1);
            var counts = new long[ranks.Count];
            counts[0] = flat.numel();
            ranks.AllGather(flat, counts).GetAwaiter().GetResult();
            tensor.detach().copy_(flat.view(tensor.shape));
        }
    }
}
