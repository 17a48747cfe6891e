using Heirloom.Core.Ranks;
using static TorchSharp.torch;

namespace Heirloom.Cli;

/// <summary>Turns <c>--device</c> and <c>--threads</c> into settings of the process.</summary>
internal static class Compute
{
    /// <summary>Checks the words now and asks libtorch when the result is called.</summary>
    /// <exception cref="UserError">Not a device or not a count; from the result: no such device on this machine.</exception>
    public static Func<Device> Check(string device, int? threads, Launch? launch)
    {
        if (threads is < 1)
        {
            throw new UserError($"must be at least 1, not {threads}", "--threads");
        }

        var index = launch?.LocalRank ?? 0; // each rank of a machine has a device of its own
        var known = device is "cpu" or "cuda" || (device.StartsWith("cuda:", StringComparison.Ordinal) && int.TryParse(device[5..], out index) && index >= 0);
        return known ? () => Choose(device, index, threads ?? Share(launch)) : throw new UserError($"unknown device '{device}'", "--device", "valid: cpu, cuda, cuda:<index>");
    }

    /// <summary>The processor's cores divided among the ranks of this machine, unless the launcher has bound each to its own.</summary>
    private static int? Share(Launch? launch) => launch is null ? null
        : Math.Max(1, Environment.ProcessorCount / (Environment.ProcessorCount < Cores() ? 1 : launch.LocalCount));

    private static int Cores() => File.Exists("/proc/cpuinfo") ? File.ReadLines("/proc/cpuinfo").Count(l => l.StartsWith("processor", StringComparison.Ordinal)) : Environment.ProcessorCount;

    private static Device Choose(string device, int index, int? threads)
    {
        if (threads is { } count)
        {
            set_num_threads(count);
        }

        return device == "cpu" ? CPU
            : cuda.is_available() && index < cuda.device_count() ? new Device(TorchSharp.DeviceType.CUDA, index)
            : throw new UserError($"this machine or this build has no device '{device}'", "--device", "use cpu, or build with -p:LibTorch=cuda-12.8-linux-x64");
    }
}
