using Heirloom.Cli.Terminal;
using Heirloom.Core.Downloads;
using Heirloom.Core.Ranks;
using Spectre.Console;
using static TorchSharp.torch;

namespace Heirloom.Cli;

/// <summary>What a verb sees of the world: two consoles, the stop signal, and work with progress.</summary>
public sealed class CliContext(IAnsiConsole output, IAnsiConsole error, CancellationToken stop = default)
{
    /// <summary>Results go here and nothing else does, so that it can be piped.</summary>
    public IAnsiConsole Out { get; } = output;

    /// <summary>Progress, notes and errors.</summary>
    public IAnsiConsole Error { get; } = error;

    /// <summary>What a person types or a pipe brings.</summary>
    public TextReader In { get; init; } = TextReader.Null;

    public CancellationToken Stop { get; } = stop;

    public Places Places { get; init; } = Places.OfUser();

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Where runs and their registry lie; relative to the working directory.</summary>
    public string RunsFolder { get; init; } = "runs";

    /// <summary>Settles device and threads from the command line; put off until work begins, because asking libtorch loads it.</summary>
    internal Func<Device> Device { get; set; } = () => CPU;

    /// <summary>The words of the command line.</summary>
    public IReadOnlyList<string> Args { get; internal set; } = [];

    /// <summary>What <c>mpirun</c> said, where it started several of this program.</summary>
    public Launch? Launch { get; init; } = Launch.OfProcess();

    /// <summary>The others, once a verb that shares its work has joined them.</summary>
    internal IRanks Ranks { get; set; } = SingleRank.Instance;

    /// <summary>Set by <c>--quiet</c>.</summary>
    public bool Quiet { get; internal set; }

    public static CliContext OfProcess(CancellationToken stop) => new(Console(System.Console.Out), Console(System.Console.Error), stop) { In = System.Console.In };

    /// <summary>Runs long work under a progress display: bars on a terminal, a line now and then elsewhere.</summary>
    public T Work<T>(Func<WorkContext, T> body)
    {
        var work = new WorkContext { Device = Device(), Stop = Stop, Places = Places, Clock = Clock, Ranks = Ranks };
        return Quiet || !Ranks.Leads ? body(work)
            : Error.Profile.Capabilities is { Interactive: true, Ansi: true } ? BarProgress.Show(Error, reporter => body(work with { Progress = reporter }))
            : body(work with { Progress = new LineProgress(Error, Clock) });
    }

    /// <inheritdoc cref="Work{T}"/>
    public void Work(Action<WorkContext> body) => Work(work =>
    {
        body(work);
        return ExitCode.Ok;
    });

    /// <summary>The folder of a model: its path, or a name on the hub (<c>hf:org/name</c>), from where it is fetched if it is not here yet.</summary>
    public string ModelFolder(string nameOrPath) => HubName.Is(nameOrPath) ? Work(work => HubClient.Folder(nameOrPath, work)) : nameOrPath;

    /// <summary>A line of the result, never wrapped and never styled.</summary>
    public void Line(string text = "") => Out.Profile.Out.Writer.WriteLine(text);

    /// <summary>A line beside the result, never wrapped and never styled.</summary>
    public void ErrorLine(string text) => Error.Profile.Out.Writer.WriteLine(text);

    private static IAnsiConsole Console(TextWriter writer)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer) });
        if (!console.Profile.Out.IsTerminal)
        {
            // a table in a file should not be folded to a screen that is not there
            console.Profile.Width = 160;
        }

        return console;
    }
}
