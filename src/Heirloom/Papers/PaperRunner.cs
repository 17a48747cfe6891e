namespace Heirloom.Papers;

/// <summary>What to run and where to keep what is done.</summary>
public sealed record PaperRunOptions
{
    public required Profile Profile { get; init; }

    /// <summary>Of the paper's own settings type.</summary>
    public required PaperSettings Settings { get; init; }

    public Seed Seed { get; init; } = new(1);

    /// <summary>Folder for finished trials; runs of other settings, seeds or builds never meet in it.</summary>
    public required string Folder { get; init; }

    /// <summary>Trains this repetition alone and gives no result; all when null.</summary>
    public int? Only { get; init; }

    /// <summary>Forgets finished trials of an earlier run with the same settings, seed and code.</summary>
    public bool Fresh { get; init; }
}

/// <summary>Runs a paper and turns what it measured into a <see cref="PaperResult"/>.</summary>
public static class PaperRunner
{
    /// <summary>Runs it, or goes on with it.</summary>
    /// <returns>The result; its <c>Seeds</c> is smaller than asked for when it was stopped, and null when not one repetition was done, or only one was asked for.</returns>
    public static PaperResult? Run(PaperRow row, PaperRunOptions options, string settingsYaml, string settingsHash, WorkContext work)
    {
        var paper = row.Paper!;
        var profile = options.Profile.ToString().ToLowerInvariant();
        var key = $"{settingsHash}-{options.Seed.Value}-{CodeOf(options.Settings)}";
        var trials = Path.Combine(options.Folder, $"P{paper.Id:000}-{profile}", "trials", key);
        if (options.Fresh && Directory.Exists(trials))
        {
            Directory.Delete(trials, recursive: true);
        }

        var memory = new FileTrialMemory(trials);
        var scores = paper.Run(options.Settings, options.Seed, work, memory, options.Only);
        if (scores.Seeds == 0)
        {
            return null;
        }

        var measures = paper.Measurements.ToDictionary(m => m.Name, StringComparer.Ordinal);
        return new()
        {
            Id = paper.Id,
            Title = row.Title,
            Profile = profile,
            Settings = settingsYaml,
            SettingsHash = settingsHash,
            Seed = options.Seed.Value,
            Seeds = scores.Seeds,
            Commit = Machine.CodeVersion,
            Machine = Machine.Description,
            Date = work.Clock.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd"),
            Seconds = Math.Round(scores.Seconds, 1),
            Findings = [.. scores.Verdicts.Select(v => FindingResult.Of(v, measures[v.Finding.Measure]))],
            Arms = scores.Arms,
            Curves = scores.Curves,
        };
    }

    /// <summary>The version, and the builds of the library and of the paper: a change that is not committed makes trials of its own.</summary>
    private static string CodeOf(PaperSettings settings) => string.Join('-', new[] { typeof(PaperRunner), settings.GetType() }
        .Select(t => t.Module).Distinct().Select(m => m.ModuleVersionId.ToString("N")[..12]).Prepend(Machine.CodeVersion.Replace('+', '-')));
}
