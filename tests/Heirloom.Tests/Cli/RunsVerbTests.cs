using Heirloom.Cli;
using Heirloom.Training.Registry;

namespace Heirloom.Tests.Cli;

public sealed class RunsVerbTests : IDisposable
{
    private readonly Terminal _terminal = new();

    private string Runs => Path.Combine(_terminal.Folder, "runs");

    public void Dispose() => _terminal.Dispose();

    [Fact]
    public void NoRunsIsNoError()
    {
        var (code, text, _) = _terminal.Run("runs", "list");
        Assert.Equal(ExitCode.Ok, code);
        Assert.StartsWith("no runs under", text, StringComparison.Ordinal);
    }

    [Fact]
    public void ListAndShowTellWhatIsThere()
    {
        Make("sotu", 1, 0.5);
        var list = _terminal.Run("runs", "list").Out;
        Assert.Contains("sotu-1", list, StringComparison.Ordinal);
        Assert.Contains("perplexity 12", list, StringComparison.Ordinal);
        var show = _terminal.Run("runs", "show", "sotu").Out;
        Assert.Contains("model: width 1", show, StringComparison.Ordinal);
        var (code, _, error) = _terminal.Run("runs", "show", "sotu-9");
        Assert.Equal(ExitCode.UserError, code);
        Assert.Contains("there is no run 'sotu-9'; did you mean 'sotu-1'?", error, StringComparison.Ordinal);
    }

    [Fact]
    public void CompareGivesIntervalsOnTheSameExamples()
    {
        Make("naive", 1, 1.0);
        Make("replay", 2, 0.5);
        var page = Path.Combine(_terminal.Folder, "page.html");
        var (code, text, error) = _terminal.Run("runs", "compare", "naive-1", "replay-1", "--html", page);
        Assert.Equal((ExitCode.Ok, true), (code, error.StartsWith("wrote", StringComparison.Ordinal)));
        Assert.Contains("better", text, StringComparison.Ordinal);
        Assert.Contains("model", text, StringComparison.Ordinal);
        Assert.Contains("<svg", File.ReadAllText(page), StringComparison.Ordinal);
        Assert.Contains("\"better\": true", _terminal.Run("runs", "compare", "naive-1", "replay-1", "--json").Out, StringComparison.Ordinal);
    }

    [Fact]
    public void OneSeedSpeaksOfExamplesAlone()
    {
        Make("naive", 1, 1.0, seeds: 1);
        Make("replay", 2, 0.5, seeds: 1);
        var text = _terminal.Run("runs", "compare", "naive-1", "replay-1").Out;
        Assert.Contains("with one seed, intervals are over examples alone", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Infinity", text, StringComparison.Ordinal);
    }

    [Fact]
    public void TheReportIsWrittenIntoTheRun()
    {
        Make("sotu", 1, 0.5);
        Assert.Equal(ExitCode.Ok, _terminal.Run("runs", "report", "sotu-1").Code);
        Assert.Contains("Scores", File.ReadAllText(Path.Combine(Runs, "sotu-1", RunFolder.ReportName)), StringComparison.Ordinal);
    }

    [Fact]
    public void TheRegistryIsRebuiltFromTheRuns()
    {
        Make("a", 1, 0.5);
        Make("a", 1, 0.5);
        Assert.Equal(["a-2", "a-1"], new RunRegistry(Runs).List().Select(r => r.Id));
        File.WriteAllText(Path.Combine(Runs, RunRegistry.Name), "not a database at all, and long enough to be taken for one");
        Directory.Delete(Path.Combine(Runs, "a-1"), recursive: true);
        Assert.Equal(["a-2"], new RunRegistry(Runs).List().Select(r => r.Id));
        File.WriteAllText(Path.Combine(Runs, "a-2", RunFile.Name), "{");
        Assert.Equal(["a-2"], new RunRegistry(Runs).List().Select(r => r.Id));
        Assert.Contains("no record of a run", Assert.Throws<UserError>(() => RunFile.Read(Path.Combine(Runs, "a-2"))).Message, StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(Runs, "a-2", RunFile.Name), "{\"format\": 99}");
        Assert.Contains("newer than", Assert.Throws<UserError>(() => RunFile.Read(Path.Combine(Runs, "a-2"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AFolderHoldsOneRunAtATime()
    {
        using var folder = RunFolder.Create(Runs, "a");
        folder.Begin(Record("a", 1), "model: width 1\n");
        Assert.True(RunFolder.IsLive(folder.Path));
        Assert.Contains("another run is using", Assert.Throws<UserError>(() => RunFolder.Resume(folder.Path)).Message, StringComparison.Ordinal);
        Assert.Contains("holds a run already", Assert.Throws<UserError>(() => RunFolder.At(folder.Path)).Message, StringComparison.Ordinal);
        Assert.Contains("running", _terminal.Run("runs", "list").Out, StringComparison.Ordinal);
        folder.Dispose();
        Assert.Contains("killed", _terminal.Run("runs", "list").Out, StringComparison.Ordinal);
        Assert.Equal(folder.Path, RunFolder.Unfinished(Runs, "a"));
    }

    private static RunRecord Record(string name, ulong seed) => new() { Name = name, Kind = "pretrain", Started = DateTimeOffset.UnixEpoch, Seed = seed, Settings = "x" };

    private void Make(string name, ulong seed, double loss, int seeds = 3)
    {
        using var folder = RunFolder.Create(Runs, name);
        folder.Begin(Record(name, seed), $"model: width {seed}\n");
        var noise = new Rng(7);
        new ExampleScores { Name = "loss/test", Examples = "e", Seeds = [.. Enumerable.Range(0, seeds).Select(s => (ulong)s)], Rows = [.. Enumerable.Range(0, seeds).Select(_ => Enumerable.Range(0, 40).Select(_ => loss + (0.01 * noise.NextGaussian())).ToArray())] }.Write(folder.Path);
        File.WriteAllText(Path.Combine(folder.Path, "metrics.jsonl"), "{\"step\":1,\"loss\":3}\n{\"step\":2,\"loss\":\"NaN\"}\n{\"step\":3,\"lo");
        folder.Update(r => r with { State = RunState.Finished, Ended = DateTimeOffset.UnixEpoch.AddMinutes(3), Scores = new Dictionary<string, double> { ["perplexity"] = 12 } });
    }
}
