using Heirloom.Training.Hooks;
using Heirloom.Training.Metrics;

namespace Heirloom.Training;

/// <summary>Turns what a step gave into metrics, progress and the result's list of losses.</summary>
internal sealed class StepReport : IDisposable
{
    private readonly LoopConfig _config;
    private readonly IReadOnlyList<Phase> _phases;
    private readonly MetricsLog? _metrics;
    private readonly TimeProvider _clock;
    private readonly IProgressTask _task;
    private readonly long _began;
    private readonly List<(long Step, double Loss)> _losses = [];
    private readonly Dictionary<string, double> _values = [];
    private long _units, _lastLog;

    public StepReport(LoopConfig config, IReadOnlyList<Phase> phases, MetricsLog? metrics, WorkContext work, long start)
    {
        (_config, _phases, _metrics, _clock) = (config, phases, metrics, work.Clock);
        _task = work.Progress.Begin("Training", config.Steps, "steps");
        _task.Report(start);
        _began = _lastLog = _clock.GetTimestamp();
    }

    public IReadOnlyList<(long Step, double Loss)> Losses => _losses;

    public IReadOnlyDictionary<string, double> LastScores { get; private set; } = new Dictionary<string, double>();

    public TimeSpan Elapsed => _clock.GetElapsedTime(_began);

    /// <summary>Notes a phase of the step under way.</summary>
    public void Add(Phase phase, PhaseGradient gradient, double factor)
    {
        var prefix = _phases.Count == 1 ? "" : phase.Name + "/";
        _values[prefix + "loss"] = gradient.Loss;
        foreach (var (name, value) in gradient.Parts)
        {
            _values[$"{prefix}loss/{name}"] = value;
        }

        _values[prefix + "learning_rate"] = phase.Optimizer.LearningRate * factor;
        _values[prefix + "gradient_norm"] = gradient.Norm;
        _units += gradient.Units;
    }

    /// <summary>Ends the update, before hooks; gives what it is to write of it.</summary>
    public IReadOnlyDictionary<string, double> EndUpdate(long step, double loss)
    {
        _losses.Add((step, loss));
        return _values;
    }

    /// <summary>The values of an update that was made before an interruption.</summary>
    public void TakeBack(IReadOnlyDictionary<string, double> values)
    {
        foreach (var (name, value) in values)
        {
            _values[name] = value;
        }
    }

    /// <summary>Ends the step.</summary>
    public void Write(TrainingStep step)
    {
        if (step.Scores.Count > 0)
        {
            LastScores = step.Scores;
        }

        var due = step.IsDue(_config.LogEvery);
        if (due)
        {
            var now = _clock.GetTimestamp();
            var rate = _units / Math.Max(1e-9, _clock.GetElapsedTime(_lastLog, now).TotalSeconds);
            var unit = _phases[0].Unit;
            (_units, _lastLog) = (0, now);
            _values[unit + "_per_second"] = rate;
            _values["seconds"] = _clock.GetElapsedTime(_began, now).TotalSeconds;
            _task.Report(step.Step, $"loss {step.Loss:F3}, {rate:N0} {unit}/s");
        }
        else
        {
            _task.Report(step.Step);
        }

        if (due || step.Scores.Count > 0)
        {
            _metrics?.Write(step.Step, [.. due ? _values : [], .. step.Scores]);
        }

        _values.Clear();
    }

    public void Dispose() => _task.Dispose();
}
