using System.Runtime.InteropServices;
using Heirloom.Cli;
using Heirloom.Training.Precision;

using var stop = new CancellationTokenSource();
AllocatorTuning.Apply();
var context = CliContext.OfProcess(stop.Token);

// The first signal asks for a clean stop, the second one kills.
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, StopOnce);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, StopOnce);
return await CommandLine.Run(args, context);

void StopOnce(PosixSignalContext signal)
{
    signal.Cancel = !stop.IsCancellationRequested;
    if (signal.Cancel)
    {
        context.ErrorLine("stopping cleanly; once more to stop at once");
        stop.Cancel();
    }
}
