using Heirloom.Data;
using Heirloom.Data.Sets;

namespace Heirloom.Tests.Data.Sets;

/// <summary>Downloads and opens the real sets; run on request (<c>-explicit only</c>), as it needs the network.</summary>
public sealed class RealSetTests
{
    private static readonly DataSetCatalog _catalog = new(new());

    public static TheoryData<string> Names => [.. _catalog.Sets.Select(set => set.Name)];

    [Theory(Explicit = true)]
    [MemberData(nameof(Names))]
    public void It_is_what_its_description_says(string name)
    {
        var said = _catalog.Find(name) switch
        {
            TextDataSet text => Check(text, [.. _catalog.OpenText(name).Read()]),
            ImageDataSet images => Check(images),
            var other => throw new NotSupportedException(other.GetType().Name),
        };
        TestContext.Current.TestOutputHelper?.WriteLine($"{name}: {said}");
    }

    private static string Check(TextDataSet set, List<Document> documents)
    {
        Assert.Equal(set.Count, documents.Count);
        Assert.Equal(set.Count, documents.Select(d => d.Id).Distinct().Count());
        Assert.All(documents, d =>
        {
            Assert.NotEmpty(d.Text.Trim());
            Assert.Equal(set.Fields.Order(), d.Fields.Keys.Order());
        });
        Assert.Equal(set.Splits.Order(), documents.Where(d => d.Fields.ContainsKey("split")).Select(d => d.Fields["split"]).Distinct().Order());
        return $"{documents.Count:N0} documents, {documents.Sum(d => (long)d.Text.Length):N0} characters";
    }

    private static string Check(ImageDataSet set)
    {
        using var images = _catalog.OpenImages(set.Name);
        Assert.Equal(set.Count, images.Count);
        Assert.Equal(set.Count, images.Labels.shape[0]);
        Assert.Equal(1f, images.Images.max().item<float>());
        Assert.Equal(0f, images.Images.min().item<float>());
        Assert.Equal(0, images.Labels.min().item<long>());
        Assert.Equal(set.Classes.Count - 1, images.Labels.max().item<long>());
        return $"[{string.Join(", ", images.Images.shape)}], {set.Classes.Count} classes";
    }
}
