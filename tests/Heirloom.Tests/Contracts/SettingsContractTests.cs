namespace Heirloom.Tests.Contracts;

public class SettingsContractTests
{
    public static TheoryData<string> All => [.. Examples.Settings.Select(t => t.FullName!)];

    /// <summary>Whatever a recipe may hold can be written, and read back as it was.</summary>
    [Theory]
    [MemberData(nameof(All))]
    public void ComesBackFromYaml(string name)
    {
        var type = typeof(Seed).Assembly.GetType(name)!;
        Assert.All(Examples.AllOf(type).Select(Settings.ToYaml), yaml => Assert.Equal(yaml, Settings.ToYaml(Settings.Parse(type, yaml, "example"))));
    }

    [Fact]
    public void KindsOfARootAreDistinct()
    {
        var roots = typeof(Seed).Assembly.GetTypes().Where(t => t.IsAbstract && t.IsAssignableTo(typeof(Kinded)) && t != typeof(Kinded));

        Assert.All(roots, root => Assert.All(Settings.Kinds(root), kind => Assert.NotEmpty(kind.Key)));
    }
}
