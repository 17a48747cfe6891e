using System.Diagnostics;
using System.Globalization;

namespace Heirloom.Bench.Training;

/// <summary>A child's side of taking turns: it waits for a line on standard input, works for a while, and answers with its speed.</summary>
/// <param name="length">How long a turn lasts.</param>
internal sealed class Turns(TimeSpan length)
{
    private const int LeastSteps = 2;
    private readonly Stopwatch _clock = new();
    private int _steps;

    /// <summary>Waits for the parent. False when it has no more turns.</summary>
    public bool Begin()
    {
        var asked = Console.In.ReadLine() is not null;
        _steps = 0;
        _clock.Restart();
        return asked;
    }

    /// <summary>Counts a step; true when the turn is over, its speed told.</summary>
    /// <param name="units">Of the step.</param>
    public bool Count(double units)
    {
        if (++_steps < LeastSteps || _clock.Elapsed < length)
        {
            return false;
        }

        Console.Out.WriteLine((_steps * units / _clock.Elapsed.TotalSeconds).ToString("R", CultureInfo.InvariantCulture));
        return true;
    }
}
