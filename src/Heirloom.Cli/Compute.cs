using static TorchSharp.torch;

namespace Heirloom.Cli;

/// <summary>Turns <c>--device</c> and <c>--threads</c> into settings of the process.</summary>
internal static class Compute
{
    /// <exception cref="UserError">No such device on this machine.</exception>
    public static Device Choose(string device, int? threads)
    {
        if (threads is { } count)
        {
            set_num_threads(count > 0 ? count : throw new UserError($"must be at least 1, not {count}", "--threads"));
        }

        if (device == "cpu")
        {
            return CPU;
        }

        if (device.Split(':') is not ["cuda", .. var rest] || rest.Length > 1 || (rest is [var index] && !int.TryParse(index, out _)))
        {
            throw new UserError($"unknown device '{device}'", "--device", "valid: cpu, cuda, cuda:<index>");
        }

        var number = rest is [var text] ? int.Parse(text) : 0;
        return cuda.is_available() && number < cuda.device_count()
            ? new Device(TorchSharp.DeviceType.CUDA, number)
            : throw new UserError($"this machine or this build has no device '{device}'", "--device", "use cpu, or build with -p:LibTorch=cuda-12.8-linux-x64");
    }
}
