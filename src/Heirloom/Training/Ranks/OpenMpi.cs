using System.Runtime.InteropServices;

namespace Heirloom.Training.Ranks;

/// <summary>The C interface of Open MPI 4: its handles are addresses of the library's own variables, which is why another MPI cannot stand in for it.</summary>
internal sealed unsafe class OpenMpi
{
    public const int Serialized = 2;
    private const string Library = "libmpi.so.40", LoaderLibrary = "libc";
    private const int Now = 2, Global = 0x100;
    private static readonly Lazy<OpenMpi?> s_found = new(Find);

    private OpenMpi(nint library)
    {
        nint Of(string name) => NativeLibrary.GetExport(library, name);
        (World, Byte, Int16, Float, Sum) = (Of("ompi_mpi_comm_world"), Of("ompi_mpi_byte"), Of("ompi_mpi_int16_t"), Of("ompi_mpi_float"), Of("ompi_mpi_op_sum"));
        InitThread = (delegate* unmanaged<int*, byte***, int, int*, int>)Of("MPI_Init_thread");
        Finalize = (delegate* unmanaged<int>)Of("MPI_Finalize");
        Abort = (delegate* unmanaged<nint, int, int>)Of("MPI_Abort");
        Rank = (delegate* unmanaged<nint, int*, int>)Of("MPI_Comm_rank");
        Size = (delegate* unmanaged<nint, int*, int>)Of("MPI_Comm_size");
        Allgather = (delegate* unmanaged<void*, int, nint, void*, int, nint, nint, int>)Of("MPI_Allgather");
        Allgatherv = (delegate* unmanaged<void*, int, nint, void*, int*, int*, nint, nint, int>)Of("MPI_Allgatherv");
        ReduceScatter = (delegate* unmanaged<void*, void*, int*, nint, nint, nint, int>)Of("MPI_Reduce_scatter");
        Send = (delegate* unmanaged<void*, int, nint, int, int, nint, int>)Of("MPI_Send");
        Receive = (delegate* unmanaged<void*, int, nint, int, int, nint, void*, int>)Of("MPI_Recv");
    }

    /// <summary>Null where it is not installed.</summary>
    public static OpenMpi? Found => s_found.Value;

    /// <summary>Handles.</summary>
    public nint World { get; }

    public nint Byte { get; }

    public nint Int16 { get; }

    public nint Float { get; }

    public nint Sum { get; }

    public delegate* unmanaged<int*, byte***, int, int*, int> InitThread { get; }

    public delegate* unmanaged<int> Finalize { get; }

    public delegate* unmanaged<nint, int, int> Abort { get; }

    public delegate* unmanaged<nint, int*, int> Rank { get; }

    public delegate* unmanaged<nint, int*, int> Size { get; }

    public delegate* unmanaged<void*, int, nint, void*, int, nint, nint, int> Allgather { get; }

    public delegate* unmanaged<void*, int, nint, void*, int*, int*, nint, nint, int> Allgatherv { get; }

    public delegate* unmanaged<void*, void*, int*, nint, nint, nint, int> ReduceScatter { get; }

    public delegate* unmanaged<void*, int, nint, int, int, nint, int> Send { get; }

    public delegate* unmanaged<void*, int, nint, int, int, nint, void*, int> Receive { get; }

    private static OpenMpi? Find()
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        // its plugins look for its symbols among the process's own, so it is loaded globally, which the framework's loader does not do
        var name = stackalloc byte[Library.Length + 1];
        TextEncoding.ASCII.GetBytes(Library, new Span<byte>(name, Library.Length));
        name[Library.Length] = 0;
        var load = (delegate* unmanaged<byte*, int, nint>)NativeLibrary.GetExport(NativeLibrary.Load(LoaderLibrary, typeof(OpenMpi).Assembly, null), "dlopen");
        return load(name, Now | Global) != 0 && NativeLibrary.TryLoad(Library, out var library) && NativeLibrary.TryGetExport(library, "ompi_mpi_comm_world", out _)
            ? new(library)
            : null;
    }
}
