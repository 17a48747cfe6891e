using Spectre.Console;

namespace Heirloom.Cli.Terminal;

/// <summary>Progress for logs and pipes: a line when a piece of work has gone on for a while, now and then, and when it ends.</summary>
internal sealed class LineProgress(IAnsiConsole console, TimeProvider clock) : IProgressReporter
{
    private static readonly TimeSpan s_every = TimeSpan.FromSeconds(10);

    public IProgressTask Begin(string title, long? total = null, string unit = "") => new Task(this, title, total, unit);

    public void Note(string line)
    {
        lock (console)
        {
            console.Profile.Out.Writer.WriteLine(line);
        }
    }

    private sealed class Task(LineProgress owner, string title, long? total, string unit) : IProgressTask
    {
        private readonly long _started = owner.Clock.GetTimestamp();
        private long _spoke = owner.Clock.GetTimestamp();
        private long _done;
        private (long Done, TimeSpan At)? _first;
        private string? _status;

        public void Report(long done, string? status = null)
        {
            _first ??= (done, owner.Clock.GetElapsedTime(_started));
            _done = done;
            _status = status ?? _status;
            if (owner.Clock.GetElapsedTime(_spoke) >= s_every)
            {
                _spoke = owner.Clock.GetTimestamp();
                var pace = Pace();
                owner.Note(string.Join("  ", new[] { title, pace.Count(), pace.Speed(), pace.Remaining is { } left ? $"{Terminal.Pace.Time(left)} left" : "", _status ?? "" }.Where(p => p.Length > 0)));
            }
        }

        public void Dispose()
        {
            if (Pace() is { Elapsed.TotalSeconds: >= 1 } pace)
            {
                owner.Note(string.Join("  ", new[] { title, _done > 0 ? pace.Count() : "", $"in {Terminal.Pace.Time(pace.Elapsed)}", _status ?? "" }.Where(p => p.Length > 0)));
            }
        }

        private Pace Pace() => new(total, unit, _done, owner.Clock.GetElapsedTime(_started)) { First = _first ?? default };
    }

    private TimeProvider Clock => clock;
}
