using static TorchSharp.torch;

namespace Heirloom.Core.Ranks;

/// <summary>
/// Those who make a piece of work together: one alone, threads of a process, or processes on one machine or many. Each runs the same program on its own
/// copy of the model. Every call is collective: all ranks make the same calls in the same order.
/// </summary>
/// <remarks>Tensors lie on the device that the ranks were made for, contiguous. A task is done when its tensors may be read and changed again.</remarks>
public interface IRanks
{
    /// <summary>Which one this is, from 0.</summary>
    int Rank { get; }

    /// <summary>How many there are.</summary>
    int Count { get; }

    /// <summary>Rank 0 leads: it alone writes files and tells people.</summary>
    bool Leads => Rank == 0;

    /// <summary>What every rank gave, by rank.</summary>
    IReadOnlyList<byte[]> Gather(byte[] mine);

    /// <summary>Sums over ranks; each keeps a part of the sum.</summary>
    /// <param name="values"><c>[Σ counts]</c> float32; what it holds afterwards is undefined.</param>
    /// <param name="counts">Elements that each rank keeps, in the order of ranks.</param>
    /// <param name="mine"><c>[counts[Rank]]</c> float32: receives the sum.</param>
    Task ReduceScatter(Tensor values, IReadOnlyList<long> counts, Tensor mine);

    /// <summary>Every rank gets every part.</summary>
    /// <param name="values"><c>[Σ counts]</c> of any type: each rank's own part is filled, the others are filled here.</param>
    /// <param name="counts">Elements of each rank.</param>
    Task AllGather(Tensor values, IReadOnlyList<long> counts);

    /// <summary>Gives a tensor to another rank, which calls <see cref="Receive"/>. Only the two of them call.</summary>
    /// <param name="values">On the CPU.</param>
    /// <param name="to">That rank.</param>
    void Send(Tensor values, int to);

    /// <summary>Fills a tensor by what another rank sends.</summary>
    /// <param name="values">On the CPU, as long as what is sent.</param>
    /// <param name="from">That rank.</param>
    void Receive(Tensor values, int from);
}
