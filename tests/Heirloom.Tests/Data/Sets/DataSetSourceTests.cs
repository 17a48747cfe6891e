using Heirloom.Data;
using Heirloom.Data.Sets;

namespace Heirloom.Tests.Data.Sets;

public sealed class DataSetSourceTests
{
    [Fact]
    public void A_recipe_names_a_set_by_kind()
    {
        var config = Assert.IsType<DataSetSourceConfig>(Settings.Parse<SourceConfig>("kind: dataset\nname: food-reviews\nsplit: train\n", "recipe"));
        Assert.Equal(("food-reviews", "train"), (config.Name, config.Split));
    }

    [Fact]
    public void A_wrong_name_or_split_is_refused_before_anything_is_downloaded()
    {
        using var folder = new TemporaryFolder();
        var work = new WorkContext { Places = new() { Cache = folder / "cache", HubCache = folder / "hub" } };
        Assert.Contains("did you mean 'sotu'", Assert.Throws<UserError>(() => new DataSetSourceConfig { Name = "soto" }.Open(work)).Message);
        Assert.Contains("did you mean 'train'", Assert.Throws<UserError>(() => new DataSetSourceConfig { Name = "reuters", Split = "trian" }.Open(work)).Message);
        Assert.Contains("holds images", Assert.Throws<UserError>(() => new DataSetSourceConfig { Name = "digits" }.Open(work)).Message);
        Assert.False(Directory.Exists(folder / "cache"));
    }
}
