namespace Heirloom.Bench;

/// <summary>A whole piece of work that is timed; found by reflection.</summary>
internal interface IJob
{
    /// <summary>What <c>--only</c> picks it by.</summary>
    static abstract string Name { get; }

    /// <summary>Its comparisons, each measured in rounds in which all sides take turns.</summary>
    static abstract IEnumerable<Comparison> Run(BenchOptions options);
}

/// <summary>What a run of the benches may use.</summary>
internal sealed record BenchOptions
{
    /// <summary>Turns of every side; the first is a warm-up and does not count.</summary>
    public required int Rounds { get; init; }

    /// <summary>Folder with an installed <c>tokenizers</c> package of npm; null leaves that peer out.</summary>
    public string? NodeModules { get; init; }

    /// <summary>The program that llama2.c builds; null leaves that peer out.</summary>
    public string? Llama2C { get; init; }
}
