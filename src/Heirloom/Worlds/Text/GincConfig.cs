using System.ComponentModel.DataAnnotations;

namespace Heirloom.Worlds.Text;

/// <summary>GINC as published (Xie, Raghunathan, Liang and Ma 2022, "An Explanation of In-context Learning as Implicit Bayesian Inference", section 4 and appendix F).</summary>
public sealed record GincConfig : TextWorldConfig, IExample<GincConfig>
{
    public static GincConfig Example => new() { Concepts = 2, Entities = 3, Properties = 3, Vocabulary = 10, DocumentLength = 32 };

    /// <summary>Concepts in the mixture, |Θ|; each is a hidden Markov model.</summary>
    [Range(1, 10_000)]
    public int Concepts { get; init; } = 5;

    /// <summary>|V|, rows of the memory.</summary>
    [Range(1, 1000)]
    public int Entities { get; init; } = 10;

    /// <summary>|S|, columns of the memory; the first holds the delimiter.</summary>
    [Range(2, 1000)]
    public int Properties { get; init; } = 10;

    /// <summary>Tokens, the delimiter (id 0) among them; 50, 100 and 150 in the paper.</summary>
    [Range(2, 1 << 16)]
    public int Vocabulary { get; init; } = 50;

    /// <summary>The weight of staying with an entity, mixed into its transitions.</summary>
    [Range(0.0, 1.0)]
    public double EntityStay { get; init; } = 0.9;

    /// <summary>Temperature of the weights of the random permutations that transitions are mixed from: low gives nearly one permutation.</summary>
    [Range(1e-3, 1e3)]
    public double TransitionTemperature { get; init; } = 0.1;

    /// <summary>Temperature of the start distribution: high is nearly uniform.</summary>
    [Range(1e-3, 1e3)]
    public double StartTemperature { get; init; } = 10;

    /// <summary>Tokens a pretraining document.</summary>
    [Range(1, 1 << 24)]
    public int DocumentLength { get; init; } = 10_240;

    public override ITextWorld Build(Seed seed) => new Ginc(this, seed);
}
