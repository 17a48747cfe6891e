using System.Runtime.InteropServices;
using Heirloom.Cli;
using Heirloom.Training.Precision;

using var stop = new CancellationTokenSource();
AllocatorTuning.Apply();
var context = CliContext.OfProcess(stop.Token);

// The first signal asks for a clean stop, the second one kills.
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, StopOnce);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, StopOnce);

// mpirun hands this one on, and Slurm sends it before a job's time is over
const int userSignal = 10;
using var user = OperatingSystem.IsLinux() ? PosixSignalRegistration.Create((PosixSignal)userSignal, StopOnce) : null;
return await CommandLine.Run(args, context);

void StopOnce(PosixSignalContext signal)
{
    signal.Cancel = !stop.IsCancellationRequested;
    if (signal.Cancel)
    {
        if (context.Launch is not { Rank: > 0 })
        {
            context.ErrorLine("stopping cleanly; once more to stop at once");
        }

        stop.Cancel();
    }
}
