using System.Collections.Immutable;
using System.Xml.Linq;
using Heirloom.Checkpoints;

namespace Heirloom.Tests.Checkpoints;

public sealed class LineageTreeTests : IDisposable
{
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Parents_are_found_by_their_weights_wherever_they_lie()
    {
        var grand = Save("archive/renamed", 1, "pretrain");
        var left = Save("runs/left", 2, "continue", new LineageParent(grand, "/no/longer/there", "start"));
        var right = Save("runs/right", 3, "continue", new LineageParent(grand, "", "start"));
        Save("runs/merged", 4, "merge/task-arithmetic", new(left, "../left", "merged"), new(right, "gone", "merged"), new("0123456789abcdef", "hub/base", "base"));
        var tree = LineageTree.Of(_scratch.File("runs", "merged"), _scratch.Folder);
        var lines = LineageDrawing.Text(tree).ToList();
        Assert.Equal(6, lines.Count);
        Assert.StartsWith("merged  merge/task-arithmetic", lines[0]);
        Assert.StartsWith("├─ merged: left  continue", lines[1]);
        Assert.StartsWith("│  └─ start: renamed  pretrain", lines[2]);
        Assert.StartsWith("├─ merged: right  continue", lines[3]);
        Assert.StartsWith("│  └─ start: renamed  pretrain", lines[4]);
        Assert.Equal("└─ base: hub/base  not found  0123456789ab", lines[5]);
    }

    [Fact]
    public void A_folder_of_another_tool_is_known_by_its_values()
    {
        var hub = Save("hub", 1, "pretrain");
        File.Delete(_scratch.File("hub", "lineage.json"));
        Save("child", 2, "fine-tune", new LineageParent(hub, _scratch.File("hub"), "start"));
        var parent = Assert.Single(LineageTree.Of(_scratch.File("child")).Parents);
        Assert.Equal(_scratch.File("hub"), parent.Folder);
        Assert.Equal("no lineage: another tool wrote it", parent.Summary);
    }

    [Fact]
    public void A_circle_in_forged_files_ends()
    {
        var a = Save("a", 1, "pretrain");
        var b = Save("b", 2, "continue", new LineageParent(a, "", "start"));
        var forged = LineageFile.Read(_scratch.File("a"))! with { Parents = [new(b, "", "start")] };
        File.WriteAllText(_scratch.File("a", LineageFile.Name), LineageFile.Write(forged));
        Assert.Equal(3, LineageDrawing.Text(LineageTree.Of(_scratch.File("b"), _scratch.Folder)).Count());
    }

    [Fact]
    public void Pictures_are_well_formed_and_carry_no_markup_of_names()
    {
        var parent = Save("<b>&", 1, "pretrain");
        Save("child", 2, "\"fine-tune\" \u001b[31m", new LineageParent(parent, "", "<script>alert(1)</script>"));
        var tree = LineageTree.Of(_scratch.File("child"), _scratch.Folder);
        var svg = XDocument.Parse(LineageDrawing.Svg(tree));
        Assert.Equal(2, svg.Descendants().Count(e => e.Name.LocalName == "rect"));
        var html = LineageDrawing.Html(tree);
        Assert.DoesNotContain("<script>", html);
        Assert.Contains("&lt;script&gt;", html);
        Assert.DoesNotContain(LineageDrawing.Text(tree), line => line.Contains('\u001b'));
    }

    [Fact]
    public void A_folder_without_lineage_says_so() =>
        Assert.Contains("holds no lineage.json", Assert.Throws<UserError>(() => LineageTree.Of(_scratch.Folder)).Message);

    private string Save(string folder, ulong seed, string method, params ImmutableArray<LineageParent> parents) => Checkpoint.Save(_scratch.File(folder), new()
    {
        Model = new CheckpointToyConfig().Build(new Seed(seed)),
        Lineage = new() { Method = method, Settings = "a: 1\n", Seed = seed, Parents = parents },
    });
}
