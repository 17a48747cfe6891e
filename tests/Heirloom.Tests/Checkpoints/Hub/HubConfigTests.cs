using System.Text.Json.Nodes;
using Heirloom.Checkpoints.Hub;

namespace Heirloom.Tests.Checkpoints.Hub;

public class HubConfigTests
{
    [Fact]
    public void Lists_follow_names_and_defaults_as_all_else_does()
    {
        var config = new HubConfig(JsonNode.Parse("""{"own":[3,4]}""")!.AsObject(), "config.json").Renamed(("own", "sizes")).With(("others", new JsonArray(5)));
        Assert.Equal([3, 4], config.Sizes("sizes", []));
        Assert.Equal([5], config.Sizes("others", []));
        Assert.Equal([6], config.Sizes("none", [6]));
    }

    [Fact]
    public void Notes_reach_the_report_from_every_view()
    {
        var config = new HubConfig([], "config.json");
        config.With(("a", 1)).Renamed(("own", "a")).Note("said below");
        Assert.Equal(["said below"], config.Notes);
    }
}
