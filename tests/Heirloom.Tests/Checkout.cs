namespace Heirloom.Tests;

/// <summary>The repository that these tests were built from.</summary>
public static class Checkout
{
    public static string Root { get; } = Find(AppContext.BaseDirectory);

    public static string Folder(string name) => Path.Combine(Root, name);

    private static string Find(string folder) => File.Exists(Path.Combine(folder, "Heirloom.slnx")) ? folder
        : Find(Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("run the tests from a checkout"));
}
