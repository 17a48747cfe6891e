using System.Diagnostics;
using Heirloom.Tests.Training;
using Heirloom.Training;
using Heirloom.Training.Optimizers;
using Heirloom.Training.Precision;
using TorchSharp;

namespace Heirloom.Tests.Faults;

/// <summary>A million steps, with snapshots, metrics, an average and evaluations, take no more memory and no more handles than a few thousand do.</summary>
public class SoakTests
{
    private const long Steps = 1_000_000, Between = 50_000;
    private const double MiB = 1 << 20;

    /// <summary>Losses that a result lists: a number of a step and a loss, in a list that doubles.</summary>
    private const double ListedBytesPerStep = 2 * 16;

    [Fact(Explicit = true)]
    public void AMillionStepsGrowNothing()
    {
        using var folder = new TemporaryFolder();
        using var model = new TinyConfig { BatchNorm = false }.Build(new(1)); // TorchSharp's own lets go of a number too early, once in some hundred thousand calls (see KeptScalar)
        using var run = new TrainingRun(folder.Path);
        var curve = new List<(long Step, double Resident, double Managed, int Handles, long Tensors)>();
        var config = new TrainingConfig
        {
            Steps = Steps, SaveEvery = 10_000, LogEvery = 10_000, EvaluateEvery = 10_000, Ema = new(), ClipNorm = 1, Precision = PrecisionMode.Float32,
            Optimizer = new AdamWConfig { LearningRate = 1e-3 },
        };
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        new Trainer(config, new(2), new()).Fit(model, Tiny.SquaredError, new TinyBatches(new(3)), run, new Callback(step =>
        {
            if (step.Step % Between == 0)
            {
                GC.Collect();
                using var self = Process.GetCurrentProcess();
                var handles = Directory.Exists("/proc/self/fd") ? Directory.GetFiles("/proc/self/fd").Length : self.HandleCount;
                curve.Add((step.Step, self.WorkingSet64 / MiB, GC.GetTotalMemory(false) / MiB, handles, DisposeScopeManager.Statistics.ThreadTotalLiveCount));
                var (at, resident, managed, open, tensors) = curve[^1];
                TestContext.Current.SendDiagnosticMessage($"{at} steps: {resident:F1} MiB resident, {managed:F1} MiB managed, {open} handles, {tensors} tensors");
            }
        }));

        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
        Assert.Single(curve.Select(c => c.Tensors).Distinct());
        var (early, late) = (curve[1], curve[^1]);
        Assert.InRange(late.Handles, 0, early.Handles + 4); // a snapshot may be under way
        Assert.InRange(late.Resident - early.Resident, double.MinValue, 16 + ((late.Step - early.Step) * ListedBytesPerStep / MiB));
    }
}
