using System.ComponentModel;
using System.Diagnostics;

namespace Heirloom.Cli.Slurm;

/// <summary>Submits jobs.</summary>
internal static class Sbatch
{
    /// <returns>The job's number.</returns>
    /// <exception cref="UserError">Slurm is not there, or refuses the job.</exception>
    public static string Submit(SlurmJob job)
    {
        try
        {
            using var sbatch = Process.Start(new ProcessStartInfo("sbatch", job.Arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
            var error = sbatch.StandardError.ReadToEndAsync();
            sbatch.StandardInput.Write(job.Script);
            sbatch.StandardInput.Close();
            var output = sbatch.StandardOutput.ReadToEnd().Trim();
            sbatch.WaitForExit();
            return sbatch.ExitCode == 0
                ? output.Split(';')[0] // a cluster's name may follow
                : throw new UserError($"Slurm refused the job: {error.GetAwaiter().GetResult().Trim()}", "sbatch", "change --sbatch options or ask who runs the cluster");
        }
        catch (Win32Exception e)
        {
            throw new UserError("there is no sbatch on this machine", "--slurm", "submit from a machine of the cluster, or leave it out", e);
        }
    }
}
