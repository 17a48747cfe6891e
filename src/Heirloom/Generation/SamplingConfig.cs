using System.ComponentModel.DataAnnotations;

namespace Heirloom.Generation;

/// <summary>How the next token is chosen from the model's distribution. The parts apply in the order in which they stand here.</summary>
public sealed record SamplingConfig
{
    /// <summary>Logits of tokens that a row holds already are divided by it where positive and multiplied where negative (Keskar et al. 2019, CTRL); 1 for none.</summary>
    [Range(0.01, 100.0)]
    public double RepetitionPenalty { get; init; } = 1;

    /// <summary>No run of so many tokens is written twice (Paulus, Xiong and Socher 2018); null for no such rule.</summary>
    [Range(1, int.MaxValue)]
    public int? NoRepeatNGram { get; init; }

    /// <summary>Logits are divided by it; 0 takes the likeliest token.</summary>
    [Range(0.0, 100.0)]
    public double Temperature { get; init; } = 1;

    /// <summary>Only so many likeliest tokens (Fan, Lewis and Dauphin 2018).</summary>
    [Range(1, int.MaxValue)]
    public int? TopK { get; init; }

    /// <summary>Only the fewest likeliest tokens that together have at least this probability (Holtzman et al. 2020).</summary>
    [Range(double.Epsilon, 1.0)]
    public double? TopP { get; init; }

    /// <summary>Only tokens at least so likely, as a share of the likeliest one's probability (Nguyen et al. 2024).</summary>
    [Range(0.0, 1.0)]
    public double? MinP { get; init; }

    /// <summary>The rules among these settings, in order; filters of the distribution are none.</summary>
    internal IReadOnlyList<ILogitRule> Rules() =>
    [
        .. RepetitionPenalty == 1 ? Array.Empty<ILogitRule>() : [new RepetitionPenalty(RepetitionPenalty)],
        .. NoRepeatNGram is { } n ? [new NoRepeatNGram(n)] : Array.Empty<ILogitRule>(),
    ];

    /// <summary>The likeliest token at every step.</summary>
    public static SamplingConfig Greedy { get; } = new() { Temperature = 0 };
}
