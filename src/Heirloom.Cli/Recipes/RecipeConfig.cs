using System.ComponentModel.DataAnnotations;
using Heirloom.Training.Registry;

namespace Heirloom.Cli.Recipes;

/// <summary>What <c>heirloom run recipe.yaml</c> does, chosen by <c>kind</c>.</summary>
public abstract record RecipeConfig : Kinded
{
    /// <summary>Runs are called NAME-1, NAME-2, ….</summary>
    [RegularExpression("[a-z0-9][a-z0-9._-]*", ErrorMessage = "'{0}' must be lower-case letters, digits, dots and dashes")]
    public required string Name { get; init; }

    /// <summary>A line for people.</summary>
    public string Description { get; init; } = "";

    /// <summary>All randomness.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Everything that can be checked without work; then opens what it needs. Nothing is written but the cache.</summary>
    /// <exception cref="UserError">Something does not fit.</exception>
    internal abstract IPreparedRecipe Prepare(RecipeContext context);
}

/// <summary>What recipes are given.</summary>
/// <param name="Work">Device, progress, stop, cache.</param>
/// <param name="RunsFolder">Where checkpoints of other runs are looked up by id.</param>
internal sealed record RecipeContext(WorkContext Work, string RunsFolder);

/// <summary>A recipe whose inputs are open and fit together.</summary>
internal interface IPreparedRecipe : IDisposable
{
    /// <summary>Fingerprints of the data, by name.</summary>
    IReadOnlyDictionary<string, string> Data { get; }

    /// <summary>Hashes of the weights that it starts from.</summary>
    IReadOnlyList<string> Parents { get; }

    /// <summary>Bytes that it will write, roughly.</summary>
    long DiskEstimate { get; }

    /// <summary>Does the work; asked to stop, it saves what it has and returns.</summary>
    RecipeOutcome Run(RunFolder run);
}

/// <summary>What came of it.</summary>
/// <param name="Finished">False when it was asked to stop before the end.</param>
internal sealed record RecipeOutcome(bool Finished)
{
    public string? Weights { get; init; }

    public IReadOnlyDictionary<string, double> Scores { get; init; } = new Dictionary<string, double>();

    /// <summary>Commands worth trying next, with <c>{run}</c> for the run's id.</summary>
    public IReadOnlyList<string> Next { get; init; } = [];
}
