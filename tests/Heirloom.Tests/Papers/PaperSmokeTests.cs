using Heirloom.Papers;
using Heirloom.Reproductions;

namespace Heirloom.Tests.Papers;

/// <summary>Every implemented row runs, scores every finding with finite numbers, and does so again to the same numbers.</summary>
public sealed class PaperSmokeTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("heirloom-smoke-").FullName;

    public static TheoryData<int> Implemented => [.. Catalogue.Library.Rows.Values.Where(r => r.Implemented).Select(r => r.Id)];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Implemented))]
    public void RunsWithoutNetwork(int id)
    {
        var row = Catalogue.Library.Row(id);
        var settings = row.Paper!.SettingsOf(Profile.Smoke) with { Seeds = 1 };
        var work = new WorkContext { Places = new() { Cache = _folder, HubCache = _folder }, Stop = TestContext.Current.CancellationToken };

        var result = PaperRunner.Run(row, new() { Profile = Profile.Smoke, Settings = settings, Folder = _folder }, Settings.ToYaml(settings), Settings.Hash(settings), work)!;

        Assert.Equal(row.Paper.Findings.Length, result.Findings.Length);
        Assert.All(result.Findings, f => Assert.True(double.IsFinite(f.Effect), $"{f.Claim}: {f.Effect}"));
        Assert.All(result.Arms.SelectMany(a => a.BySeed), score => Assert.True(double.IsFinite(score)));
    }

    [Theory]
    [MemberData(nameof(Implemented))]
    public void SaysWhatItClaimsAndWhereItDeparts(int id)
    {
        var paper = Catalogue.Library.Row(id).Paper!;

        Assert.False(string.IsNullOrWhiteSpace(paper.Claim));
        Assert.NotEmpty(paper.Findings);
        Assert.NotEmpty(paper.Departures);
        Assert.True(paper.SettingsOf(Profile.Quick).Seeds >= 3 && paper.SettingsOf(Profile.Full).Seeds >= paper.SettingsOf(Profile.Quick).Seeds);
        Assert.All(paper.Findings, f =>
        {
            Assert.Contains(f.Method, paper.Arms);
            Assert.Contains(f.Measure, paper.Measurements.Select(m => m.Name));
            Assert.True(f.Constant is null ? paper.Arms.Contains(f.Baseline) : f.Baseline is null, f.Claim);
        });
    }
}
