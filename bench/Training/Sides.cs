using Heirloom.Models;
using Heirloom.Objectives;
using Heirloom.Training;
using Heirloom.Training.Hooks;
using Heirloom.Training.Optimizers;
using Heirloom.Training.Precision;
using Heirloom.Training.Schedules;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Bench.Training;

/// <summary>What trainings have in common: the two sides' loops, and their comparison.</summary>
internal static class Sides
{
    private const double Rate = 3e-4, Decay = 0.1, Clip = 1;

    /// <summary>The turns of both sides, beside what the processor's matrix product would allow.</summary>
    /// <param name="options">Rounds.</param>
    /// <param name="unit">Of the speeds.</param>
    /// <param name="flops">Floating-point operations a unit, of matrix products alone, forward and backward.</param>
    public static Comparison Compare<TJob>(BenchOptions options, string unit, double flops)
        where TJob : ISides
    {
        using var ours = new Child(TJob.Name, Comparison.Ours);
        using var stock = new Child(TJob.Name, Comparison.Stock);
        var type = PrecisionModes.HasBFloat16Instructions ? ScalarType.BFloat16 : ScalarType.Float32;
        return Comparison.Of(TJob.Name, unit, options.Rounds, new Side(Comparison.Ours, ours.Turn), new(Comparison.Stock, stock.Turn)) with { Peak = Peaks.Product(type) / flops };
    }

    /// <summary>Ours: the trainer as any program uses it.</summary>
    public static void Ours<TModel, TBatch>(Turns turns, TModel model, Objective<TModel, TBatch> objective, IReadOnlyList<TBatch> batches)
        where TModel : IModel
        where TBatch : Data.IBatch<TBatch>
    {
        AllocatorTuning.Apply();
        if (!turns.Begin())
        {
            return;
        }

        var config = new TrainingConfig
        {
            Steps = long.MaxValue,
            LogEvery = long.MaxValue,
            Optimizer = new AdamWConfig { LearningRate = Rate, Decay = Decay },
            Schedule = new ConstantConfig(),
            ClipNorm = Clip,
        };
        new Trainer(config, new(1), new()).Fit(model, objective, new Repeated<TBatch>(batches), null, new TakeTurns(turns, batches[0].Units));
    }

    /// <summary>Stock: the loop as tutorials write it.</summary>
    /// <param name="turns">When to work.</param>
    /// <param name="model">In training mode.</param>
    /// <param name="loss">Of the batch with an index.</param>
    /// <param name="units">A step's.</param>
    public static void Stock(Turns turns, nn.Module model, Func<int, Tensor> loss, double units)
    {
        var optimizer = optim.AdamW(model.parameters(), lr: Rate, beta2: 0.95, weight_decay: Decay);
        model.train();
        for (var step = 0; turns.Begin();)
        {
            do
            {
                using var scope = NewDisposeScope();
                optimizer.zero_grad();
                var here = loss(step++);
                here.backward();
                nn.utils.clip_grad_norm_(model.parameters(), Clip);
                optimizer.step();
                _ = here.item<float>();
            }
            while (!turns.Count(units));
        }
    }

    /// <summary>The same batches over and over.</summary>
    private sealed class Repeated<TBatch>(IReadOnlyList<TBatch> batches) : Data.IBatches<TBatch>
    {
        public string Fingerprint => "bench";

        public long? StepsPerEpoch => batches.Count;

        public TBatch At(long step) => batches[(int)(step % batches.Count)];
    }

    private sealed class TakeTurns(Turns turns, double units) : IHook
    {
        public void After(TrainingStep step)
        {
            if (turns.Count(units) && !turns.Begin())
            {
                step.StopEarly();
            }
        }
    }
}
