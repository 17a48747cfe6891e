using Heirloom.Checkpoints;
using Heirloom.Cli;

namespace Heirloom.Tests.Cli;

/// <summary>The README's first command, tiny and on generated text, and the commands that it says to try next.</summary>
public sealed class QuickstartTests : IDisposable
{
    private readonly Terminal _terminal = new();

    public void Dispose() => _terminal.Dispose();

    [Fact]
    public void LeavesRunsCheckpointsWithLineageAndAReport()
    {
        string[] sizes = ["vocabulary=400", "width=32", "layers=1", "context=32", "pretrain_steps=8", "continue_steps=4", "tune_steps=2", "tune_examples=40", "scored_examples=40", "scored_rows=8", "seeds=2"];

        var (code, output, error) = _terminal.Run(["quickstart", "--offline", "--quiet", .. sizes.SelectMany(s => new[] { "--set", s })]);

        Assert.Equal((ExitCode.Ok, ""), (code, error));
        Assert.Contains("On generated text", output, StringComparison.Ordinal);
        Assert.Contains("re-warmed, with replay", output, StringComparison.Ordinal);
        Assert.Contains("the pretrained start beats random weights", output, StringComparison.Ordinal);
        var runs = Path.Combine(_terminal.Folder, "runs");
        var page = File.ReadAllText(Path.Combine(runs, "quickstart.html"));
        Assert.Contains("<svg", page, StringComparison.Ordinal);
        Assert.DoesNotContain("src=\"http", page, StringComparison.Ordinal);
        var tuned = LineageFile.Read(Path.Combine(runs, "quickstart-task-continued-1", "checkpoint"))!;
        var continued = LineageFile.Read(Path.Combine(runs, "quickstart-replay-1", "checkpoint"))!;
        Assert.Equal(continued.Weights, tuned.Parents.Single().Weights);
        Assert.NotEmpty(Directory.GetFiles(Path.Combine(runs, "quickstart-base-1"), "events.out.tfevents*", SearchOption.AllDirectories));

        var checkpoint = Path.Combine(runs, "quickstart-replay-1", "checkpoint");
        var greedy = _terminal.Run("generate", "--model", checkpoint, "--prompt", "a", "--temperature", "0", "--max-tokens", "5", "--quiet");
        Assert.Equal((ExitCode.Ok, ""), (greedy.Code, greedy.Error));
        Assert.Equal(greedy.Out, _terminal.Run("generate", "--model", checkpoint, "--prompt", "a", "--temperature", "0", "--max-tokens", "5", "--quiet").Out);
        Assert.StartsWith("a", _terminal.Run("generate", "--model", checkpoint, "--prompt", "a", "--beams", "2", "--max-tokens", "5", "--quiet").Out, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Ok, _terminal.Run("runs", "compare", "quickstart-naive-1", "quickstart-replay-1", "quickstart-scratch-1").Code);
    }

    [Theory]
    [InlineData("width=-1", "width")]
    [InlineData("witdh=64", "did you mean 'width'?")]
    [InlineData("seeds=many", "seeds")]
    public void WrongSizesAreRefusedBeforeAnythingIsWritten(string set, string names)
    {
        var (code, _, error) = _terminal.Run("quickstart", "--offline", "--set", set);

        Assert.Equal(ExitCode.UserError, code);
        Assert.Contains(names, error, StringComparison.Ordinal);
        Assert.Single(error.TrimEnd().Split('\n'));
        Assert.False(Directory.Exists(Path.Combine(_terminal.Folder, "runs")));
    }

    [Theory]
    [InlineData("generate", "--model", "nowhere")]
    [InlineData("generate", "--model", "nowhere", "--top-p", "3")]
    public void GenerateSaysWhatIsWrong(params string[] words)
    {
        var (code, _, error) = _terminal.Run(words);

        Assert.Equal(ExitCode.UserError, code);
        Assert.Single(error.TrimEnd().Split('\n'));
    }
}
