using System.Runtime.InteropServices;
using Heirloom.Core.Ranks;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Training.Ranks;

/// <summary>
/// Tensors on CUDA devices over NCCL, everything else over the ranks that it is made from. Parts of unequal length are reduced to, or spread from, their
/// ranks in one group of calls. Calls go to the device's default stream, on which libtorch computes, so that nothing needs to be waited for.
/// </summary>
/// <remarks>Written from NCCL's documentation; it has not yet run on a machine with a GPU.</remarks>
public sealed unsafe partial class NcclRanks : IRanks, IDisposable
{
    private const int Float32 = 7, Int8 = 0, Sum = 0, IdBytes = 128;
    private readonly IRanks _control;
    private readonly Functions _nccl;
    private readonly nint _group;

    /// <summary>Joins the others, each with a device of its own.</summary>
    /// <param name="control">Carries what is small, the group's id first.</param>
    /// <param name="device">This rank's.</param>
    /// <exception cref="UserError">NCCL is not installed.</exception>
    public NcclRanks(IRanks control, Device device)
    {
        _control = control;
        _nccl = new(device.index);
        var id = default(UniqueId);
        if (control.Leads)
        {
            Functions.Check(_nccl.GetUniqueId(&id), "ncclGetUniqueId");
        }

        control.Gather(new Span<byte>(&id, IdBytes).ToArray())[0].CopyTo(new Span<byte>(&id, IdBytes));
        nint group;
        Functions.Check(_nccl.Init(&group, control.Count, id, control.Rank), "ncclCommInitRank");
        _group = group;
    }

    public int Rank => _control.Rank;

    public int Count => _control.Count;

    public IReadOnlyList<byte[]> Gather(byte[] mine) => _control.Gather(mine);

    public Task ReduceScatter(Tensor values, IReadOnlyList<long> counts, Tensor mine)
    {
        var (from, to) = (Address(values), Address(mine));
        ForParts(counts, (rank, start, count) => Functions.Check(
            _nccl.Reduce((void*)(from + (nint)(start * sizeof(float))), (void*)to, (nuint)count, Float32, Sum, rank, _group, 0), "ncclReduce"));
        return Task.CompletedTask;
    }

    public Task AllGather(Tensor values, IReadOnlyList<long> counts)
    {
        var (at, size) = (Address(values), values.ElementSize);
        ForParts(counts, (rank, start, count) =>
        {
            var part = (void*)(at + (nint)(start * size));
            Functions.Check(_nccl.Broadcast(part, part, (nuint)(count * size), Int8, rank, _group, 0), "ncclBroadcast");
        });
        return Task.CompletedTask;
    }

    public void Send(Tensor values, int to) => _control.Send(values, to);

    public void Receive(Tensor values, int from) => _control.Receive(values, from);

    public void Dispose() => _ = _nccl.Destroy(_group);

    private void ForParts(IReadOnlyList<long> counts, Action<int, long, long> call)
    {
        _nccl.UseDevice();
        Functions.Check(_nccl.GroupStart(), "ncclGroupStart");
        var start = 0L;
        for (var rank = 0; rank < counts.Count; rank++)
        {
            if (counts[rank] > 0)
            {
                call(rank, start, counts[rank]);
            }

            start += counts[rank];
        }

        Functions.Check(_nccl.GroupEnd(), "ncclGroupEnd");
    }

    private static nint Address(Tensor tensor) => tensor.device_type == DeviceType.CUDA && tensor.is_contiguous()
        ? NativeData(tensor.Handle)
        : throw new InvalidOperationException($"NCCL sends contiguous tensors of CUDA devices, not one on {tensor.device}");

    [LibraryImport("LibTorchSharp", EntryPoint = "THSTensor_data")]
    private static partial nint NativeData(nint tensor);

    [StructLayout(LayoutKind.Sequential, Size = IdBytes)]
    private struct UniqueId;

    /// <summary>NCCL's C interface, and the driver's choice of a device for the calling thread.</summary>
    private sealed class Functions
    {
        private readonly delegate* unmanaged<nint, int> _setContext;
        private readonly nint _context;

        public Functions(int device)
        {
            var nccl = Load("libnccl.so.2");
            GetUniqueId = (delegate* unmanaged<UniqueId*, int>)NativeLibrary.GetExport(nccl, "ncclGetUniqueId");
            Init = (delegate* unmanaged<nint*, int, UniqueId, int, int>)NativeLibrary.GetExport(nccl, "ncclCommInitRank");
            Destroy = (delegate* unmanaged<nint, int>)NativeLibrary.GetExport(nccl, "ncclCommDestroy");
            GroupStart = (delegate* unmanaged<int>)NativeLibrary.GetExport(nccl, "ncclGroupStart");
            GroupEnd = (delegate* unmanaged<int>)NativeLibrary.GetExport(nccl, "ncclGroupEnd");
            Reduce = (delegate* unmanaged<void*, void*, nuint, int, int, int, nint, nint, int>)NativeLibrary.GetExport(nccl, "ncclReduce");
            Broadcast = (delegate* unmanaged<void*, void*, nuint, int, int, nint, nint, int>)NativeLibrary.GetExport(nccl, "ncclBroadcast");
            var driver = Load("libcuda.so.1");
            _setContext = (delegate* unmanaged<nint, int>)NativeLibrary.GetExport(driver, "cuCtxSetCurrent");
            nint context;
            Check(((delegate* unmanaged<nint*, int, int>)NativeLibrary.GetExport(driver, "cuDevicePrimaryCtxRetain"))(&context, Math.Max(0, device)), "cuDevicePrimaryCtxRetain");
            _context = context;
            UseDevice();
        }

        public delegate* unmanaged<UniqueId*, int> GetUniqueId { get; }

        public delegate* unmanaged<nint*, int, UniqueId, int, int> Init { get; }

        public delegate* unmanaged<nint, int> Destroy { get; }

        public delegate* unmanaged<int> GroupStart { get; }

        public delegate* unmanaged<int> GroupEnd { get; }

        public delegate* unmanaged<void*, void*, nuint, int, int, int, nint, nint, int> Reduce { get; }

        public delegate* unmanaged<void*, void*, nuint, int, int, nint, nint, int> Broadcast { get; }

        /// <summary>libtorch has made the device's context already; NCCL acts on the calling thread's.</summary>
        public void UseDevice() => Check(_setContext(_context), "cuCtxSetCurrent");

        public static void Check(int result, string call)
        {
            if (result != 0)
            {
                throw new IOException($"{call} failed with code {result}");
            }
        }

        private static nint Load(string name) => NativeLibrary.TryLoad(name, out var library)
            ? library
            : throw new UserError($"{name} is not found", "--device", "install NVIDIA's driver and NCCL 2 on every machine, or train on the CPU");
    }
}
