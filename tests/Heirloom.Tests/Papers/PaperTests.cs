using System.Collections.Immutable;
using CsCheck;
using Heirloom.Papers;
using Heirloom.Reproductions;

namespace Heirloom.Tests.Papers;

public sealed class PaperTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("heirloom-papers-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private sealed record Sizes : PaperSettings
    {
        public double Effect { get; init; } = 1;
    }

    private static Paper<Sizes, double> Fake(Action<string>? onTrain = null, Better better = Better.Higher, ImmutableArray<Finding>? findings = null) => new()
    {
        Id = 64,
        Source = new("A fake", "Nobody", 2026, new("https://example.org")),
        Claim = "The method scores higher.",
        Smoke = new() { Seeds = 1 },
        Quick = new() { Seeds = 5 },
        Full = new() { Seeds = 10 },
        Train =
        [
            new("baseline", trial => Draw(trial, "baseline", 0)),
            new("method", trial => Draw(trial, "method", trial.Settings.Effect)),
        ],
        Measure = [new("score", better, (subject, trial) =>
        {
            onTrain?.Invoke($"{trial.Index}");
            trial.Plot("curve", 0, subject);
            return [subject, subject + 0.1, subject - 0.1];
        })],
        Findings = findings ?? [new() { Claim = "higher", Method = "method", Baseline = "baseline", Measure = "score" }],
    };

    private static double Draw(Trial<Sizes> trial, string name, double effect) =>
        effect + trial.Shared("start", () => trial.Seed.For("start").Random().NextGaussian()) + (0.05 * trial.Seed.For(name).Random().NextGaussian());

    private static PaperResult? Run(Paper paper, PaperSettings settings, string folder, WorkContext? work = null) => PaperRunner.Run(
        new(64, "insight", "A fake", paper), new() { Profile = Profile.Quick, Settings = settings, Folder = folder }, "seeds: 5\n", "abc", work ?? new());

    [Fact]
    public void ARealEffectIsReproducedAndItsMirrorImageIsNot()
    {
        Assert.Equal("reproduced", Run(Fake(), new Sizes { Seeds = 5 }, _folder)!.Verdict);
        Assert.Equal("not-reproduced", Run(Fake(better: Better.Lower), new Sizes { Seeds = 5 }, Path.Combine(_folder, "lower"))!.Verdict);
    }

    [Fact]
    public void NoEffectIsNotReproduced() =>
        Assert.Equal("not-reproduced", Run(Fake(), new Sizes { Seeds = 5, Effect = 0 }, _folder)!.Verdict);

    [Fact]
    public void OneSeedReproducesNothingAndSaysWhy()
    {
        var finding = Run(Fake(), new Sizes { Seeds = 1 }, _folder)!.Findings.Single();

        Assert.Equal("one seed gives no interval", finding.Reason);
        Assert.Null(finding.Low);
    }

    [Fact]
    public void AMarginMustBeExceeded()
    {
        var findings = ImmutableArray.Create(new Finding { Claim = "much higher", Method = "method", Baseline = "baseline", Measure = "score", Margin = 5 });

        Assert.Equal("the effect is below what is claimed", Run(Fake(findings: findings), new Sizes { Seeds = 5 }, _folder)!.Findings.Single().Reason);
    }

    [Fact]
    public void AConstantStandsInForABaseline()
    {
        var findings = ImmutableArray.Create(new Finding { Claim = "above chance", Method = "method", Constant = -10, Measure = "score" });
        var finding = Run(Fake(findings: findings), new Sizes { Seeds = 5 }, _folder)!.Findings.Single();

        Assert.Equal("reproduced", finding.Verdict);
        Assert.Equal(-10, finding.BaselineMean);
    }

    /// <summary>Near the bound the percentile interval and its p-value (quantiles by interpolation, counts plus one) may part by one draw.</summary>
    [Fact]
    public void ThePValueIsSmallExactlyWhereTheIntervalExcludesTheBound() =>
        Gen.Select(Gen.Double[-1, 1].Array[6].Array[4], Gen.Double[-1, 1].Array[6].Array[4], Gen.Double[-2, 2], Gen.Double[-1, 1], Gen.Bool, Gen.Bool).Sample((method, baseline, constant, margin, higher, fixedBound) =>
        {
            var finding = new Finding { Claim = "", Method = "a", Baseline = fixedBound ? null : "b", Constant = fixedBound ? constant : null, Measure = "m", Margin = margin };
            var effect = Verdict.Of(finding, higher ? Better.Higher : Better.Lower, new(method), new(baseline)).Effect;
            var expected = method.Average(r => r.Average()) - (fixedBound ? constant : baseline.Average(r => r.Average()));
            Assert.Equal(higher ? expected : -expected, effect.Estimate, 1e-9);
            if (Math.Abs(effect.PValue - 0.05) > 0.003)
            {
                Assert.Equal(effect.Low > margin || effect.High < margin, effect.PValue < 0.05);
            }
        }, iter: 60);

    [Fact]
    public void TrialsOfAnotherBuildAreNotRecalled()
    {
        Run(Fake(), new Sizes { Seeds = 1 }, _folder);

        var key = Path.GetFileName(Directory.GetDirectories(Path.Combine(_folder, "P064-quick", "trials")).Single());
        Assert.Contains(typeof(PaperRunner).Module.ModuleVersionId.ToString("N")[..12], key);
        Assert.Contains(GetType().Module.ModuleVersionId.ToString("N")[..12], key);
    }

    [Theory]
    [InlineData("0.1.0", "0.1.0")]
    [InlineData("0.1.0+1a2b", "0.1.0+1a2b")]
    [InlineData("0.1.0+1a2b3c4d5e6f7a8b9c0d1a2b3c4d5e6f7a8b9c0d", "0.1.0+1a2b3c4d5e6f")]
    [InlineData("0.1.0+1a2b3c4d5e6f7a8b9c0d1a2b3c4d5e6f7a8b9c0d-dirty", "0.1.0+1a2b3c4d5e6f-dirty")]
    public void CommitsAreShortenedAndKeepTheirMark(string version, string shown) => Assert.Equal(shown, Machine.Shorten(version));

    [Fact]
    public void AnInterruptedRunGoesOnWhereItWasWithTheSameResult()
    {
        var whole = Run(Fake(), new Sizes { Seeds = 5 }, Path.Combine(_folder, "whole"))!;
        using var stop = new CancellationTokenSource();
        var trained = new List<string>();
        var part = Run(Fake(t => { trained.Add(t); if (trained.Count == 5) { stop.Cancel(); } }), new Sizes { Seeds = 5 }, _folder, new() { Stop = stop.Token })!;
        Assert.Equal(2, part.Seeds);
        trained.Clear();

        var resumed = Run(Fake(trained.Add), new Sizes { Seeds = 5 }, _folder)!;

        Assert.Equal(6, trained.Count);
        Assert.Equal(whole.Findings.Single(), resumed.Findings.Single());
        Assert.Equal(whole.Curves, resumed.Curves);
    }

    [Fact]
    public void AMeasurementThatStopsMidwayLeavesTheSeedsBeforeIt()
    {
        using var stop = new CancellationTokenSource();
        var measured = 0;
        var part = Run(Fake(_ => { if (++measured == 5) { stop.Cancel(); stop.Token.ThrowIfCancellationRequested(); } }), new Sizes { Seeds = 5 }, _folder, new() { Stop = stop.Token });

        Assert.Equal(2, part!.Seeds);
    }

    [Fact]
    public void ResultsSurviveTheirFile()
    {
        var result = Run(Fake(), new Sizes { Seeds = 1 }, _folder)!;
        ResultStore.Write(_folder, result);

        var read = ResultStore.Read(_folder).Single();

        Assert.Equal(result.Findings.Single(), read.Findings.Single());
        Assert.Equal(result.Verdict, read.Verdict);
    }

    [Fact]
    public void EveryRowHasItsNumberTitleAndFamily()
    {
        Assert.Equal(Enumerable.Range(0, 201), Catalogue.Library.Rows.Keys);
        Assert.All(Catalogue.Library.Rows.Values, row => Assert.False(string.IsNullOrWhiteSpace(row.Title) || string.IsNullOrWhiteSpace(row.Family)));
    }

    [Fact]
    public void UnknownAndUnimplementedRowsAreNamed()
    {
        Assert.Contains("there is no paper 201", Assert.Throws<UserError>(() => Catalogue.Library.Row(201)).Message);
        Assert.Contains("not implemented yet", Assert.Throws<UserError>(() => Catalogue.Library.Implemented(0)).Message);
    }

    [Fact]
    public void ArmsWhoseNamesDifferInSignsOnlyAreRememberedApart()
    {
        using var folder = new TemporaryFolder();
        var memory = new FileTrialMemory(folder.Path);
        memory.Remember("batch × 4", 0, new(new Dictionary<string, double[]> { ["loss"] = [1] }, [], 0, 0));

        Assert.Null(memory.Recall("batch ÷ 4", 0));
        Assert.Equal([1.0], memory.Recall("batch × 4", 0)!.Scores["loss"]);
    }
}
