using System.Runtime.InteropServices;

namespace Heirloom.Training.Precision;

/// <summary>Keeps glibc from giving the memory of every large tensor back to the system, only to fault it in again, zeroed, at the next step.</summary>
/// <remarks>For the whole process, so a program asks for it when it starts; a library does not. Does nothing on other systems.</remarks>
public static partial class AllocatorTuning
{
    private const int TrimThreshold = -1, TopPad = -2, MapMaximum = -4;

    /// <returns>Whether the allocator took it.</returns>
    public static bool Apply()
    {
        if (!OperatingSystem.IsLinux())
        {
            return false;
        }

        try
        {
            return MallOpt(MapMaximum, 0) != 0 && MallOpt(TrimThreshold, -1) != 0 && MallOpt(TopPad, 64 << 20) != 0;
        }
        catch (EntryPointNotFoundException)
        {
            return false; // musl has no such thing
        }
    }

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial int MallOpt(int parameter, int value);
}
