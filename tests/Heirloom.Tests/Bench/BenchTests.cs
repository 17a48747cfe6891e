using System.Text.Json;
using System.Text.RegularExpressions;
using Heirloom.Bench;

namespace Heirloom.Tests.Bench;

/// <summary>The harness: what it knows, and what it makes of speeds.</summary>
public sealed partial class BenchTests
{
    private static readonly Comparison s_comparison = new("job", "MB/s", new Dictionary<string, double[]>
    {
        [Comparison.Ours] = [10, 12, 20],
        [Comparison.Stock] = [5, 4, 4],
        ["a peer"] = [20, 24, 10],
    })
    { Peak = 48 };

    [Fact]
    public void HasTheJobsThatAreAskedFor()
    {
        string[] asked = ["train-decoder-m", "train-decoder-s", "train-encoder", "train-vit", "train-t5", "decode", "tokenize", "load", "checkpoint", "dedup"];

        Assert.Equal([], asked.Except(JobCatalog.All.Keys));
    }

    [Fact]
    public void RatiosAreOfRoundsNotOfMedians()
    {
        Assert.Equal((3, 2, 5), s_comparison.Ratio(Comparison.Stock));
        Assert.Equal((0.5, 0.5, 2), s_comparison.Ratio("a peer"));
        Assert.Equal(12, s_comparison.Median(Comparison.Ours));
        Assert.Equal(3, new Comparison("even", "", new Dictionary<string, double[]> { [Comparison.Ours] = [4, 1, 2, 9] }).Median(Comparison.Ours));
    }

    [Fact]
    public void JsonHasTheseNamesAlone()
    {
        using var json = JsonDocument.Parse(Result.ToJson([Result.Of(s_comparison), Result.Of(s_comparison with { Peak = null, Speeds = new Dictionary<string, double[]> { [Comparison.Ours] = [0.123456] } })]));

        var first = json.RootElement[0];
        Assert.Equal(["name", "unit", "ours", "stock", "ratio", "low", "high", "peak_share"], first.EnumerateObject().Select(p => p.Name));
        Assert.Equal((12, 4, 3, 2, 5, 0.25), (Number("ours"), Number("stock"), Number("ratio"), Number("low"), Number("high"), Number("peak_share")));
        Assert.Equal(JsonValueKind.Null, json.RootElement[1].GetProperty("stock").ValueKind);
        Assert.Equal(0.1235, json.RootElement[1].GetProperty("ours").GetDouble());

        double Number(string name) => first.GetProperty(name).GetDouble();
    }

    [Fact]
    public void ARecordTakesThePlaceOfTheOneBeforeIt()
    {
        using var folder = new TemporaryFolder();

        Table.Record(folder.Path, [s_comparison, s_comparison with { Name = "another" }], new(2026, 1, 2));
        Table.Record(folder.Path, [s_comparison with { Unit = "GB/s" }], new(2026, 1, 3));

        var lines = File.ReadAllLines(Path.Combine(folder.Path, "results.md")).Where(l => l.StartsWith('|')).Skip(2).ToArray();
        Assert.Equal(
            ["| another | MB/s | 12.00 | stock | 4.00 | 3.00 [2.00, 5.00] | 25% | 2026-01-02 |", "| another | MB/s | 12.00 | a peer | 20.00 | 0.50 [0.50, 2.00] | 25% | 2026-01-02 |",
             "| job | GB/s | 12.00 | stock | 4.00 | 3.00 [2.00, 5.00] | 25% | 2026-01-03 |", "| job | GB/s | 12.00 | a peer | 20.00 | 0.50 [0.50, 2.00] | 25% | 2026-01-03 |"],
            lines.Select(l => l[..l.LastIndexOf('|', l.Length - 2)].Trim() + " |"));
    }

    [Fact]
    public void TheCommittedTableIsMadeOfTheCommittedFigures()
    {
        using var folder = new TemporaryFolder();
        File.Copy(Checkout.Folder("bench/results.json"), Path.Combine(folder.Path, "results.json"));

        Table.Record(folder.Path, [], default);

        Assert.Equal(File.ReadAllText(Checkout.Folder("bench/results.md")), File.ReadAllText(Path.Combine(folder.Path, "results.md")));
    }

    [Fact]
    public void CommandsInTheDocumentsAreUnderstood()
    {
        var commands = new[] { "README.md", "bench/README.md" }.SelectMany(f => Shown().Matches(File.ReadAllText(Checkout.Folder(f)))).Select(m => m.Groups["words"].Value).ToList();

        Assert.NotEmpty(commands);
        foreach (var command in commands)
        {
            Assert.Empty(BenchCommand.Build().Parse(command.Replace("[", "", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal).Trim()).Errors);
        }
    }

    [GeneratedRegex(@"\./heirloom bench(?<words>[^`#\n]*)")]
    private static partial Regex Shown();
}
