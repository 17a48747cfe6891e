using Heirloom.Core.Ranks;
using Heirloom.Training.Ranks;

namespace Heirloom.Cli.Ranks;

/// <summary>Runs a verb in a process that <c>mpirun</c> started beside others.</summary>
internal static class LaunchedRanks
{
    /// <summary>Joins the others, runs, and sees to it that one line tells of an error and that nobody waits for a rank that is gone.</summary>
    /// <param name="context">Is given the ranks.</param>
    /// <param name="args">The command line, for the log.</param>
    /// <param name="shares">Whether the verb divides its work.</param>
    /// <param name="device">Where tensors are.</param>
    /// <param name="run">The verb.</param>
    public static int Run(CliContext context, IReadOnlyList<string> args, bool shares, string device, Func<int> run)
    {
        using var ranks = new MpiRanks();
        context.Ranks = ranks;
        try
        {
            if (!shares)
            {
                ranks.Alike<int>(() => throw new UserError("does not divide its work among processes", "mpirun", "start it once; 'heirloom run' may be started several times"));
            }

            using var nccl = device.StartsWith("cuda", StringComparison.Ordinal) ? ranks.Together(() => new NcclRanks(ranks, context.Device())) : null;
            context.Ranks = nccl ?? context.Ranks;
            return run();
        }
        catch (SharedFailure) when (ranks.Rank == 0)
        {
            throw; // told where everything is
        }
        catch (SharedFailure failure)
        {
            return failure.UserError ? ExitCode.UserError : ExitCode.Unexpected;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // the others do not know, and may be waiting
            var code = Failure.Report(e, args, context);
            ranks.Abort(code);
            return code;
        }
    }
}
