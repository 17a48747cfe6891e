using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Training.Precision;

/// <summary>
/// While it lives, libtorch computes matrix products and convolutions of this thread in bfloat16. Enclose the forward pass only; backward follows by itself.
/// </summary>
/// <remarks>TorchSharp has no autocast, so libtorch's own C++ functions are called by their exported names (Itanium and MSVC mangling).</remarks>
public sealed unsafe class Autocast : IDisposable
{
    private static readonly Functions? Native = Functions.Find();
    private readonly sbyte _device;
    private readonly bool _wasEnabled;
    private readonly sbyte _oldType;
    private bool _disposed;

    public Autocast(Device device)
    {
        if (Native is not { } native)
        {
            throw new UserError("this libtorch exports no autocast", "precision", "use float32");
        }

        _device = (sbyte)device.type;
        _wasEnabled = native.IsEnabled(_device) != 0;
        _oldType = native.TypeOf(_device);
        native.SetType(_device, (sbyte)ScalarType.BFloat16);
        native.SetEnabled(_device, 1);
        _ = native.Enter();
    }

    /// <summary>Whether the loaded libtorch has it.</summary>
    public static bool IsSupported => Native is not null;

    public void Dispose()
    {
        if (_disposed || Native is not { } native)
        {
            return;
        }

        _disposed = true;

        // casts of weights are cached within the outermost scope; the next step's weights are others
        if (native.Leave() == 0)
        {
            native.ClearCache();
        }

        native.SetType(_device, _oldType);
        native.SetEnabled(_device, _wasEnabled ? (byte)1 : (byte)0);
    }

    private sealed class Functions
    {
        public required delegate* unmanaged<sbyte, byte> IsEnabled { get; init; }

        public required delegate* unmanaged<sbyte, byte, void> SetEnabled { get; init; }

        public required delegate* unmanaged<sbyte, sbyte> TypeOf { get; init; }

        public required delegate* unmanaged<sbyte, sbyte, void> SetType { get; init; }

        public required delegate* unmanaged<int> Enter { get; init; }

        public required delegate* unmanaged<int> Leave { get; init; }

        public required delegate* unmanaged<void> ClearCache { get; init; }

        public static Functions? Find()
        {
            InitializeDeviceType(DeviceType.CPU);
            var file = OperatingSystem.IsWindows() ? "torch_cpu.dll" : OperatingSystem.IsMacOS() ? "libtorch_cpu.dylib" : "libtorch_cpu.so";
            if (!NativeLibrary.TryLoad(file, typeof(torch).Assembly, null, out var library))
            {
                return null;
            }

            nint Export(string itanium, string msvc) =>
                NativeLibrary.TryGetExport(library, OperatingSystem.IsWindows() ? msvc : itanium, out var address) ? address : 0;

            var isEnabled = Export("_ZN2at8autocast19is_autocast_enabledEN3c1010DeviceTypeE", "?is_autocast_enabled@autocast@at@@YA_NW4DeviceType@c10@@@Z");
            var setEnabled = Export("_ZN2at8autocast20set_autocast_enabledEN3c1010DeviceTypeEb", "?set_autocast_enabled@autocast@at@@YAXW4DeviceType@c10@@_N@Z");
            var getType = Export("_ZN2at8autocast18get_autocast_dtypeEN3c1010DeviceTypeE", "?get_autocast_dtype@autocast@at@@YA?AW4ScalarType@c10@@W4DeviceType@4@@Z");
            var setType = Export("_ZN2at8autocast18set_autocast_dtypeEN3c1010DeviceTypeENS1_10ScalarTypeE", "?set_autocast_dtype@autocast@at@@YAXW4DeviceType@c10@@W4ScalarType@4@@Z");
            var enter = Export("_ZN2at8autocast17increment_nestingEv", "?increment_nesting@autocast@at@@YAHXZ");
            var leave = Export("_ZN2at8autocast17decrement_nestingEv", "?decrement_nesting@autocast@at@@YAHXZ");
            var clear = Export("_ZN2at8autocast11clear_cacheEv", "?clear_cache@autocast@at@@YAXXZ");
            return isEnabled == 0 || setEnabled == 0 || getType == 0 || setType == 0 || enter == 0 || leave == 0 || clear == 0
                ? null
                : new()
                {
                    IsEnabled = (delegate* unmanaged<sbyte, byte>)isEnabled,
                    SetEnabled = (delegate* unmanaged<sbyte, byte, void>)setEnabled,
                    TypeOf = (delegate* unmanaged<sbyte, sbyte>)getType,
                    SetType = (delegate* unmanaged<sbyte, sbyte, void>)setType,
                    Enter = (delegate* unmanaged<int>)enter,
                    Leave = (delegate* unmanaged<int>)leave,
                    ClearCache = (delegate* unmanaged<void>)clear,
                };
        }
    }
}
