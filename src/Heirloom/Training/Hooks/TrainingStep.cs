using Heirloom.Models;

namespace Heirloom.Training.Hooks;

/// <summary>What a hook sees of a step, and what it can ask for.</summary>
public sealed class TrainingStep
{
    private readonly Dictionary<string, double> _scores = [];

    /// <summary>Steps made, this one included: 1, 2, ….</summary>
    public required long Step { get; init; }

    public required LoopConfig Config { get; init; }

    public required IModel Model { get; init; }

    /// <summary>Loss of the step (of its last phase).</summary>
    public required double Loss { get; init; }

    /// <summary>Whether this is the last step of all.</summary>
    public bool Last => Step == Config.Steps;

    /// <summary>The running average of the weights, where there is one.</summary>
    public Ema? Ema { get; init; }

    /// <summary>What hooks recorded at this step.</summary>
    public IReadOnlyDictionary<string, double> Scores => _scores;

    internal bool StopAsked { get; private set; }

    /// <summary>Whether work that is due every so many steps is due now; 0 means at the last step only.</summary>
    public bool IsDue(long every) => Last || (every > 0 && Step % every == 0);

    /// <summary>Writes a value into the metrics of this step.</summary>
    public void Record(string name, double value) => _scores[name] = value;

    /// <summary>Ends training after this step, as complete as it is to be.</summary>
    public void StopEarly() => StopAsked = true;
}
