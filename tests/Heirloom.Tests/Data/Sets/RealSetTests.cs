using Heirloom.Data.Sets;

namespace Heirloom.Tests.Data.Sets;

/// <summary>Downloads and opens the real sets; run on request (<c>-explicit only</c>), as it needs the network. <c>heirloom data get --all --verify</c> does the same.</summary>
public sealed class RealSetTests
{
    private static readonly DataSetCatalog _catalog = new(new());

    public static TheoryData<string> Names => [.. _catalog.Sets.Select(set => set.Name)];

    [Theory(Explicit = true)]
    [MemberData(nameof(Names))]
    public void It_is_what_its_description_says(string name)
    {
        var check = DataSetCheck.Of(_catalog, _catalog.Find(name));
        TestContext.Current.TestOutputHelper?.WriteLine($"{name}: {check.Summary}");
        Assert.Null(check.Problem);
    }
}
