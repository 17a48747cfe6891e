using System.Collections.Immutable;

namespace Heirloom.Generation;

/// <summary>Why a row ended.</summary>
public enum FinishReason
{
    /// <summary>The model chose a stop token.</summary>
    Stop,

    /// <summary>As many tokens as were asked for.</summary>
    Length,

    /// <summary>The model's context is full.</summary>
    Context,

    /// <summary>Someone asked to stop.</summary>
    Canceled,
}

/// <summary>What a model wrote after a prompt.</summary>
/// <param name="Ids">Without the prompt and without the stop token.</param>
/// <param name="LogProbabilities">Of each of them under the model itself, whatever the sampling did; natural logarithm.</param>
/// <param name="Reason">Why it ended.</param>
public sealed record Generated(ImmutableArray<int> Ids, ImmutableArray<double> LogProbabilities, FinishReason Reason);

/// <summary>A token as it appears.</summary>
/// <param name="Row">Index of the prompt.</param>
/// <param name="Id">The token.</param>
/// <param name="LogProbability">Under the model itself.</param>
public readonly record struct EmittedToken(int Row, int Id, double LogProbability);
