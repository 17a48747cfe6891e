using System.Globalization;

namespace Heirloom.Cli.Slurm;

/// <summary>A command for Slurm, alone or once for each index of an array.</summary>
internal sealed record SlurmJob
{
    /// <summary>Stands in place of an argument that is the index within the array.</summary>
    public const string Index = "{index}";

    public required string Name { get; init; }

    /// <summary>Program and arguments.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>Where it runs; logs lie there too.</summary>
    public required string Folder { get; init; }

    /// <summary>Processes that share the work; 1 for none but one.</summary>
    public int Ranks { get; init; } = 1;

    /// <summary>Independent runs; null for a job that is no array.</summary>
    public int? Array { get; init; }

    /// <summary>A job that must succeed first.</summary>
    public string? After { get; init; }

    /// <summary>Options of sbatch, as the user wrote them.</summary>
    public IReadOnlyList<string> Options { get; init; } = [];

    /// <summary>What sbatch is given beside the script.</summary>
    public IReadOnlyList<string> Arguments =>
    [
        "--parsable",
        $"--job-name={Name}",
        $"--chdir={Folder}",
        $"--output={Path.Combine(Folder, Array is null ? "slurm-%j.out" : "slurm-%A_%a.out")}",
        $"--ntasks={Ranks.ToString(CultureInfo.InvariantCulture)}",
        "--signal=B:USR1@60", // a minute before its time is over, so that it saves and can be resumed
        .. Array is { } count ? [$"--array=0-{(count - 1).ToString(CultureInfo.InvariantCulture)}"] : System.Array.Empty<string>(),
        .. After is null ? [] : new[] { $"--dependency=afterok:{After}", "--kill-on-invalid-dep=yes" },
        .. Options,
    ];

    /// <summary>The batch script. The shell becomes the program, so that signals reach it; mpirun hands them on to its ranks.</summary>
    public string Script => "#!/bin/sh\nexec " + string.Join(' ', (Ranks > 1 ? ["mpirun", "-np", Ranks.ToString(CultureInfo.InvariantCulture), .. Command] : Command).Select(Quote)) + "\n";

    private static string Quote(string word) => word == Index ? "\"$SLURM_ARRAY_TASK_ID\"" : "'" + word.Replace("'", "'\\''", StringComparison.Ordinal) + "'";
}
