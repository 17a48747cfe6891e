using Heirloom.Core.Ranks;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Training.Ranks;

/// <summary>
/// Processes that <c>mpirun</c> started, on one machine or many, over Open MPI. Tensors on the CPU travel by it; those on CUDA devices by NCCL
/// (<see cref="NcclRanks"/>).
/// </summary>
/// <remarks>A process has one at most, and ends with it: MPI cannot be started again.</remarks>
public sealed unsafe class MpiRanks : IRanks, IDisposable
{
    /// <summary>Messages up to this length are gathered in one call.</summary>
    private const int Slot = 512, Tag = 1;
    private readonly OpenMpi _mpi;
    private readonly CallQueue _calls = new();
    private bool _over;

    /// <summary>Joins the others; returns when all have joined.</summary>
    /// <exception cref="UserError">Open MPI is not installed.</exception>
    public MpiRanks()
    {
        _mpi = OpenMpi.Found ?? throw new UserError("Open MPI's library libmpi.so.40 is not found", "mpirun", "install Open MPI 4 (Debian: openmpi-bin libopenmpi3) on every machine");
        int provided, rank, size;
        Check(_mpi.InitThread(null, null, OpenMpi.Serialized, &provided), "MPI_Init_thread");
        Check(_mpi.Rank(_mpi.World, &rank), "MPI_Comm_rank");
        Check(_mpi.Size(_mpi.World, &size), "MPI_Comm_size");
        (Rank, Count) = (rank, size);
        if (provided < OpenMpi.Serialized)
        {
            throw new UserError("this Open MPI lets only one thread call it", "mpirun", "use one that was built with threads, as distributions' are");
        }
    }

    /// <summary>Whether Open MPI is installed.</summary>
    public static bool IsInstalled => OpenMpi.Found is not null;

    public int Rank { get; }

    public int Count { get; }

    public IReadOnlyList<byte[]> Gather(byte[] mine)
    {
        var lengths = new int[Count];
        var slots = new byte[Count * Slot];
        var own = new byte[Slot];
        BitConverter.TryWriteBytes(own, mine.Length);
        mine.AsSpan(0, Math.Min(mine.Length, Slot - sizeof(int))).CopyTo(own.AsSpan(sizeof(int)));
        _calls.Run(() =>
        {
            fixed (byte* from = own, to = slots)
            {
                Check(_mpi.Allgather(from, Slot, _mpi.Byte, to, Slot, _mpi.Byte, _mpi.World), "MPI_Allgather");
            }
        });
        for (var i = 0; i < Count; i++)
        {
            lengths[i] = BitConverter.ToInt32(slots, i * Slot);
        }

        if (lengths.Max() <= Slot - sizeof(int))
        {
            return [.. lengths.Select((length, i) => slots.AsSpan((i * Slot) + sizeof(int), length).ToArray())];
        }

        var all = new byte[lengths.Sum(l => (long)l)];
        var starts = Starts(lengths);
        mine.CopyTo(all, starts[Rank]);
        _calls.Run(() =>
        {
            fixed (byte* to = all)
            {
                AllGather(to, lengths, starts, _mpi.Byte);
            }
        });
        return [.. lengths.Select((length, i) => all.AsSpan(starts[i], length).ToArray())];
    }

    public Task ReduceScatter(Tensor values, IReadOnlyList<long> counts, Tensor mine)
    {
        var lengths = Lengths(counts, 1);
        var (from, to) = (Address(values), Address(mine));
        return _calls.Start(() =>
        {
            fixed (int* count = lengths)
            {
                Check(_mpi.ReduceScatter((void*)from, (void*)to, count, _mpi.Float, _mpi.Sum, _mpi.World), "MPI_Reduce_scatter");
            }

            GC.KeepAlive(values);
            GC.KeepAlive(mine);
        });
    }

    public Task AllGather(Tensor values, IReadOnlyList<long> counts)
    {
        // one element of MPI's is one of the tensor's where there is such a type, since counts are ints
        var (type, units) = values.ElementSize switch
        {
            4 => (_mpi.Float, 1L),
            2 => (_mpi.Int16, 1L),
            _ => (_mpi.Byte, values.ElementSize),
        };
        var lengths = Lengths(counts, units);
        var at = Address(values);
        return _calls.Start(() =>
        {
            AllGather((void*)at, lengths, Starts(lengths), type);
            GC.KeepAlive(values);
        });
    }

    public void Send(Tensor values, int to) => Pieces(values, (at, length) =>
        Check(_mpi.Send((void*)at, length, _mpi.Byte, to, Tag, _mpi.World), "MPI_Send"));

    public void Receive(Tensor values, int from) => Pieces(values, (at, length) =>
        Check(_mpi.Receive((void*)at, length, _mpi.Byte, from, Tag, _mpi.World, null), "MPI_Recv"));

    /// <summary>Ends all ranks at once, where one cannot go on and others may wait for it.</summary>
    public void Abort(int exitCode)
    {
        _over = true;
        _ = _mpi.Abort(_mpi.World, exitCode);
    }

    /// <summary>Leaves; returns when all leave.</summary>
    public void Dispose()
    {
        if (!_over)
        {
            _over = true;
            _calls.Run(() => Check(_mpi.Finalize(), "MPI_Finalize"));
        }
    }

    private void AllGather(void* values, int[] lengths, int[] starts, nint type)
    {
        const int inPlace = 1;
        fixed (int* length = lengths, start = starts)
        {
            Check(_mpi.Allgatherv((void*)inPlace, 0, type, values, length, start, type, _mpi.World), "MPI_Allgatherv");
        }
    }

    /// <summary>A tensor's bytes in lengths that an int holds.</summary>
    private void Pieces(Tensor values, Action<nint, int> call)
    {
        const long most = 1L << 30;
        var (at, bytes) = (Address(values), values.numel() * values.ElementSize);
        for (var done = 0L; done < bytes; done += most)
        {
            var (from, length) = (at + (nint)done, (int)Math.Min(most, bytes - done));
            _calls.Run(() => call(from, length));
        }

        GC.KeepAlive(values);
    }

    private static int[] Starts(int[] lengths)
    {
        var starts = new int[lengths.Length];
        for (var i = 1; i < starts.Length; i++)
        {
            starts[i] = checked(starts[i - 1] + lengths[i - 1]);
        }

        return starts;
    }

    private static int[] Lengths(IReadOnlyList<long> counts, long units) => counts.Sum() * units <= int.MaxValue
        ? [.. counts.Select(c => (int)(c * units))]
        : throw new UserError($"a parameter or bucket of {counts.Sum():N0} elements is more than one message of MPI holds", "mpirun", "use a smaller table of embeddings");

    /// <summary>Of the first element; an empty tensor has none and is not read.</summary>
    private static nint Address(Tensor tensor)
    {
        if (tensor.device_type != DeviceType.CPU || !tensor.is_contiguous())
        {
            throw new InvalidOperationException($"MPI sends contiguous tensors of the CPU, not one on {tensor.device}");
        }

        using var scope = NewDisposeScope();
        return tensor.numel() == 0 ? 0 : (nint)System.Runtime.CompilerServices.Unsafe.AsPointer(
            ref System.Runtime.InteropServices.MemoryMarshal.GetReference(tensor.detach().view(-1).narrow(0, 0, 1).bytes));
    }

    private static void Check(int result, string call)
    {
        if (result != 0)
        {
            throw new IOException($"{call} failed with code {result}: another rank or the network is gone");
        }
    }
}
