using Spectre.Console;
using Spectre.Console.Rendering;

namespace Heirloom.Cli.Terminal;

/// <summary>Progress for terminals: one bar for each piece of work under way, with count, rate and time left; what took long leaves a line.</summary>
internal sealed class BarProgress : IProgressReporter
{
    private readonly IAnsiConsole _console;
    private readonly ProgressContext _display;

    private BarProgress(IAnsiConsole console, ProgressContext display)
    {
        _console = console;
        _display = display;
    }

    public static T Show<T>(IAnsiConsole console, Func<IProgressReporter, T> body)
    {
        var result = default(T)!;
        console.Progress().AutoClear(true).HideCompleted(true)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn { Width = 30 }, new PaceColumn())
            .Start(display => result = body(new BarProgress(console, display)));
        return result;
    }

    public IProgressTask Begin(string title, long? total = null, string unit = "")
    {
        var task = _display.AddTask(Markup.Escape(title), autoStart: true, maxValue: total ?? 1);
        task.IsIndeterminate = total is null;
        return new Bar(this, task, title, total, unit);
    }

    public void Note(string line) => _console.WriteLine(line);

    private sealed class Bar : IProgressTask
    {
        private readonly BarProgress _owner;
        private readonly ProgressTask _task;
        private readonly string _title;
        private readonly long? _total;
        private readonly string _unit;
        private long _done;
        private (long Done, TimeSpan At)? _first;
        private string? _status;

        public Bar(BarProgress owner, ProgressTask task, string title, long? total, string unit)
        {
            (_owner, _task, _title, _total, _unit) = (owner, task, title, total, unit);
            task.Tag = this;
        }

        public string Text => string.Join("  ", new[] { Pace.Count(), Pace.Speed(), Pace.Remaining is { } left ? Terminal.Pace.Time(left) : "", _status ?? "" }.Where(p => p.Length > 0));

        private Pace Pace => new(_total, _unit, _done, Elapsed) { First = _first ?? default };

        private TimeSpan Elapsed => _task.ElapsedTime ?? TimeSpan.Zero;

        public void Report(long done, string? status = null)
        {
            _first ??= (done, Elapsed);
            _done = done;
            _status = status ?? _status;
            if (_total is not null)
            {
                // a full bar counts as stopped, which only disposing may do
                _task.Value = Math.Min(done, _task.MaxValue - 1e-6);
            }
        }

        public void Dispose()
        {
            var elapsed = Elapsed;
            _task.StopTask();
            if (elapsed.TotalSeconds >= 1)
            {
                _owner.Note(string.Join("  ", new[] { $"✓ {_title}", _done > 0 ? Pace.Count() : "", $"in {Terminal.Pace.Time(elapsed)}", _status ?? "" }.Where(p => p.Length > 0)));
            }
        }
    }

    private sealed class PaceColumn : ProgressColumn
    {
        protected override bool NoWrap => true;

        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime) => new Text((task.Tag as Bar)?.Text ?? "", new Style(Color.Grey));
    }
}
