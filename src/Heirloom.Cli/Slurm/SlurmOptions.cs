using System.CommandLine;
using System.Reflection;

namespace Heirloom.Cli.Slurm;

/// <summary>What verbs that can be submitted share: <c>--slurm</c> with how many processes and which options of sbatch.</summary>
internal sealed class SlurmOptions
{
    private readonly Option<bool> _slurm = new("--slurm") { Description = "submit to Slurm instead of running here" };
    private readonly Option<int?> _ranks = new("--ranks") { Description = "with --slurm: processes that share the work (default: 1)", HelpName = "N" };
    private readonly Option<string[]> _sbatch = new("--sbatch") { Description = "with --slurm: an option of sbatch, such as --time=2:00:00; may be given again", HelpName = "OPTION", DefaultValueFactory = _ => [] };

    /// <param name="command">Gets the options.</param>
    /// <param name="shares">Whether its work can be divided among processes.</param>
    public SlurmOptions(Command command, bool shares)
    {
        command.Options.Add(_slurm);
        command.Options.Add(_sbatch);
        if (shares)
        {
            command.Options.Add(_ranks);
        }
    }

    /// <summary>Whether to submit.</summary>
    /// <exception cref="UserError">Options of a submission without one.</exception>
    public bool Wanted(ParseResult parsed)
    {
        var submits = parsed.GetValue(_slurm);
        return !submits && (Ranks(parsed) is not null || parsed.GetValue(_sbatch) is { Length: > 0 })
            ? throw new UserError("--ranks and --sbatch belong to --slurm", parsed.CommandResult.Command.Name, "here, start several processes with mpirun -np N")
            : submits;
    }

    /// <summary>A job of this command line, without the submission's own words.</summary>
    public SlurmJob Job(ParseResult parsed, string name, IReadOnlyList<string> args, IEnumerable<string> more)
    {
        var ranks = Ranks(parsed) ?? 1;
        return new()
        {
            Name = name,
            Command = [.. Program(), .. Without(args), .. more],
            Folder = Environment.CurrentDirectory,
            Ranks = ranks > 0 ? ranks : throw new UserError($"must be at least 1, not {ranks}", "--ranks"),
            Options = parsed.GetValue(_sbatch) ?? [],
        };
    }

    /// <summary>Arguments less those that are this class's.</summary>
    internal static IReadOnlyList<string> Without(IReadOnlyList<string> args)
    {
        var kept = new List<string>();
        for (var i = 0; i < args.Count; i++)
        {
            if (args[i] is "--ranks" or "--sbatch")
            {
                i++;
            }
            else if (args[i] != "--slurm" && !args[i].StartsWith("--ranks=", StringComparison.Ordinal) && !args[i].StartsWith("--sbatch=", StringComparison.Ordinal))
            {
                kept.Add(args[i]);
            }
        }

        return kept;
    }

    private int? Ranks(ParseResult parsed) => parsed.CommandResult.Command.Options.Contains(_ranks) ? parsed.GetValue(_ranks) : null;

    /// <summary>This program as it is now; the script that builds it first would build it anew in every job.</summary>
    private static string[] Program()
    {
        var library = Assembly.GetExecutingAssembly().Location;
        return Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? [Environment.ProcessPath!, library] : [Path.Combine(AppContext.BaseDirectory, "Heirloom.Cli")];
    }
}
