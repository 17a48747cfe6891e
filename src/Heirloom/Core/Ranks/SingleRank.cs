using static TorchSharp.torch;

namespace Heirloom.Core.Ranks;

/// <summary>Nobody else.</summary>
public sealed class SingleRank : IRanks
{
    public static SingleRank Instance { get; } = new();

    public int Rank => 0;

    public int Count => 1;

    public IReadOnlyList<byte[]> Gather(byte[] mine) => [mine];

    public Task ReduceScatter(Tensor values, IReadOnlyList<long> counts, Tensor mine)
    {
        mine.copy_(values);
        return Task.CompletedTask;
    }

    public Task AllGather(Tensor values, IReadOnlyList<long> counts) => Task.CompletedTask;

    public void Send(Tensor values, int to) => throw new InvalidOperationException("there is no other rank");

    public void Receive(Tensor values, int from) => throw new InvalidOperationException("there is no other rank");
}
