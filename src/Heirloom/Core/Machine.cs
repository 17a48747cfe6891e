using System.Reflection;

namespace Heirloom.Core;

/// <summary>What a measurement was made on, and by which code.</summary>
public static class Machine
{
    /// <summary>"AMD EPYC, 2 cores, 24 GiB, linux-x64".</summary>
    public static string Description { get; } = string.Join(", ",
        Processor(),
        $"{Environment.ProcessorCount} cores",
        $"{GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (double)(1L << 30):F0} GiB",
        System.Runtime.InteropServices.RuntimeInformation.RuntimeIdentifier);

    /// <summary>Version and, in a build from a git checkout, the commit: "0.1.0+1a2b3c4d5e6f", with "-dirty" where sources were not as committed.</summary>
    public static string CodeVersion { get; } = Shorten(
        typeof(Machine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown");

    /// <summary>Twelve digits of the commit are enough.</summary>
    internal static string Shorten(string version)
    {
        const int digits = 12;
        var start = version.IndexOf('+') + 1;
        var end = start == 0 ? version.Length : start + version[start..].TakeWhile(char.IsAsciiHexDigit).Count();
        return end - start > digits && start > 0 ? version[..(start + digits)] + version[end..] : version;
    }

    private static string Processor()
    {
        const string key = "model name";
        return File.Exists("/proc/cpuinfo")
            ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith(key, StringComparison.Ordinal))?.Split(':', 2)[1].Trim() ?? "unknown processor"
            : System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture.ToString();
    }
}
