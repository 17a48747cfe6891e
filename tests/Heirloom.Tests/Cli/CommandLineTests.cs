using System.CommandLine;
using Heirloom.Cli;
using Heirloom.Cli.Terminal;
using Spectre.Console.Testing;

namespace Heirloom.Tests.Cli;

public sealed class CommandLineTests : IDisposable
{
    private readonly Terminal _terminal = new();

    public void Dispose() => _terminal.Dispose();

    [Fact]
    public void HelpListsEveryVerbUnderItsGroup()
    {
        var (code, text, error) = _terminal.Run("--help");
        Assert.Equal((ExitCode.Ok, ""), (code, error));
        using var console = new TestConsole();
        foreach (var (group, command) in CommandLine.Verbs(new(console, console)))
        {
            Assert.Contains(group, text, StringComparison.Ordinal);
            Assert.Contains($"  {command.Name} ", text, StringComparison.Ordinal);
            Assert.False(string.IsNullOrWhiteSpace(command.Description), $"'{command.Name}' has no description");
        }

        Assert.Equal(text, _terminal.Run().Out);
    }

    [Fact]
    public void EveryVerbAndSubverbHasHelp()
    {
        using var console = new TestConsole();
        foreach (var words in CommandLine.Verbs(new(console, console)).SelectMany(v => Paths(v.Command)))
        {
            var (code, text, _) = _terminal.Run([.. words, "--help"]);
            Assert.Equal(ExitCode.Ok, code);
            Assert.Contains(words[^1], text, StringComparison.Ordinal);
        }

        static IEnumerable<string[]> Paths(Command c) => [[c.Name], .. c.Subcommands.SelectMany(s => Paths(s).Select(p => (string[])[c.Name, .. p]))];
    }

    [Fact]
    public void VersionIsOneLine() => Assert.Matches(@"^heirloom \d+\.\d+\.\d+[^\n]*\n$", _terminal.Run("--version").Out);

    [Theory]
    [InlineData("heirloom: unknown verb 'rum'; did you mean 'run'?", "rum")]
    [InlineData("heirloom: runs: unknown verb 'lost'; did you mean 'list'?", "runs", "lost")]
    [InlineData("heirloom: run: unknown option '--rezume'; did you mean '--resume'?", "run", "x.yaml", "--rezume")]
    [InlineData("heirloom: unknown option '--hepl'; did you mean '--help'?", "--hepl")]
    [InlineData("heirloom: --device: unknown device 'tpu'; valid: cpu, cuda, cuda:<index>", "--version", "--device", "tpu")]
    [InlineData("heirloom: --threads: must be at least 1, not 0", "--version", "--threads", "0")]
    public void MistypedLinesGetOneLineAndCode2(string expected, params string[] words)
    {
        var (code, text, error) = _terminal.Run(words);
        Assert.Equal(ExitCode.UserError, code);
        Assert.Equal("", text);
        Assert.Contains(error.TrimEnd('\n'), expected.Split('|'));
    }

    [Fact]
    public void FailuresBecomeExitCodes()
    {
        using TestConsole output = new(), error = new();
        using var folder = new TemporaryFolder();
        using var stop = new CancellationTokenSource();
        var context = new CliContext(output, error, stop.Token) { Places = new() { Cache = folder.Path, HubCache = folder.Path } };
        Assert.Equal(2, Failure.Report(new AggregateException(new UserError("bad\nthing", "f:1")), [], context));
        Assert.Equal(70, Failure.Report(new InvalidOperationException("odd\nthing"), ["x"], context));
        Assert.Equal(2, error.Output.TrimEnd('\n').Split('\n').Length);
        Assert.StartsWith("heirloom: f:1: bad thing\nheirloom: unexpected InvalidOperationException: odd thing; details in ", error.Output, StringComparison.Ordinal);
        Assert.Contains("odd\nthing", File.ReadAllText(Directory.GetFiles(folder / "logs").Single()), StringComparison.Ordinal);
        stop.Cancel();
        Assert.Equal(130, Failure.Report(new OperationCanceledException(), [], context));
    }

    [Fact]
    public void AStopRequestedDuringWorkIsCode130()
    {
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        Assert.Equal(ExitCode.Interrupted, _terminal.Run(stop.Token, "--version").Code);
    }

    [Fact]
    public void PlainProgressSpeaksNowAndThen()
    {
        using var console = new TestConsole();
        var clock = new ManualClock();
        var progress = new LineProgress(console, clock);
        using (var task = progress.Begin("training", 100, "step"))
        {
            for (var i = 1; i <= 100; i++)
            {
                clock.Advance(TimeSpan.FromSeconds(0.5));
                task.Report(i, $"loss {i}");
            }
        }

        var lines = console.Output.TrimEnd('\n').Split('\n');
        Assert.Equal(6, lines.Length);
        Assert.Equal("training  20/100 steps  2.0/s  40 s left  loss 20", lines[0]);
        Assert.Equal("training  100/100 steps  in 50 s  loss 100", lines[^1]);
    }

    [Fact]
    public void ResumedWorkIsNotCountedAsSpeed()
    {
        using var console = new TestConsole();
        var clock = new ManualClock();
        using (var task = new LineProgress(console, clock).Begin("training", 400, "steps"))
        {
            task.Report(300);
            clock.Advance(TimeSpan.FromSeconds(10));
            task.Report(320);
        }

        Assert.StartsWith("training  320/400 steps  2.0/s  40 s left\n", console.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void BarsShowTheWork()
    {
        using var console = new TestConsole().Interactive().EmitAnsiSequences();
        var answer = BarProgress.Show(console, progress =>
        {
            using var task = progress.Begin("training [x]", 10, "step");
            task.Report(10, "loss 1");
            progress.Note("a [note]");
            return 42;
        });
        Assert.Equal(42, answer);
        Assert.Contains("a [note]", console.Output, StringComparison.Ordinal);
    }
}
