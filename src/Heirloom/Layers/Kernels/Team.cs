using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using TorchSharp;

namespace Heirloom.Layers.Kernels;

/// <summary>
/// Parallel loops on the threads that libtorch computes with. Between two of its operations those threads spin for a while, so a loop on other threads would
/// share the cores with them: at a step of many small operations that costs more than the loop gains.
/// </summary>
/// <remarks>Calls the OpenMP runtime that came with libtorch, where there is one; elsewhere the thread pool.</remarks>
internal static unsafe class Team
{
    private static readonly delegate* unmanaged<nint, nint, uint, uint, void> s_parallel = Find();

    /// <summary>Runs a body for each index in <c>[0, count)</c>, in any order; what a body computes must depend on its index alone.</summary>
    public static void For(int count, Action<int> body)
    {
        var threads = Math.Min(count, torch.get_num_threads());
        if (threads <= 1)
        {
            for (var i = 0; i < count; i++)
            {
                body(i);
            }
        }
        else if (s_parallel is null)
        {
            Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = threads }, body);
        }
        else
        {
            var job = new Job(count, body);
            var handle = GCHandle.Alloc(job);
            try
            {
                s_parallel((nint)(delegate* unmanaged[Cdecl]<nint, void>)&Run, GCHandle.ToIntPtr(handle), (uint)torch.get_num_threads(), 0);
            }
            finally
            {
                handle.Free();
            }

            job.Error?.Throw();
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Run(nint handle) => ((Job)GCHandle.FromIntPtr(handle).Target!).Work();

    private static delegate* unmanaged<nint, nint, uint, uint, void> Find()
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        // libtorch has loaded its own copy under a name with a hash; a second copy would have threads of its own
        torch.InitializeDeviceType(DeviceType.CPU);
        var loaded = System.Diagnostics.Process.GetCurrentProcess().Modules.Cast<System.Diagnostics.ProcessModule>()
            .FirstOrDefault(m => m.ModuleName.StartsWith("libgomp", StringComparison.Ordinal));
        return loaded is not null && NativeLibrary.TryLoad(loaded.FileName, out var library) && NativeLibrary.TryGetExport(library, "GOMP_parallel", out var address)
            ? (delegate* unmanaged<nint, nint, uint, uint, void>)address
            : null;
    }

    private sealed class Job(int count, Action<int> body)
    {
        private int _next = -1;

        /// <summary>The first exception; it may not cross the native frames between.</summary>
        public ExceptionDispatchInfo? Error { get; private set; }

        public void Work()
        {
            try
            {
                for (int i; Error is null && (i = Interlocked.Increment(ref _next)) < count;)
                {
                    body(i);
                }
            }
            catch (Exception e)
            {
                Error = ExceptionDispatchInfo.Capture(e);
            }
        }
    }
}
