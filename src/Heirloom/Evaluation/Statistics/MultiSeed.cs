using Heirloom.Models;

namespace Heirloom.Evaluation.Statistics;

/// <summary>One recipe run from several seeds: what separates a recipe from the luck of one checkpoint.</summary>
/// <remarks>Sellam et al. 2022, "The MultiBERTs": 25 seeds of one recipe, which differ in initialization and data order alone.</remarks>
public static class MultiSeed
{
    /// <summary>Trains from each seed in turn and scores what came out.</summary>
    /// <param name="count">Seeds.</param>
    /// <param name="seed">Their root.</param>
    /// <param name="train">Makes a model from a seed; it may save checkpoints on the way.</param>
    /// <param name="score">One value for each test example, the same examples in the same order for every model.</param>
    /// <param name="work">Progress and stop.</param>
    /// <exception cref="OperationCanceledException">Asked to stop.</exception>
    public static ScoreMatrix Scores<TModel>(int count, Seed seed, Func<Seed, TModel> train, Func<TModel, double[]> score, WorkContext work)
        where TModel : IModel
    {
        using var progress = work.Progress.Begin("seeds", count, "models");
        var rows = new List<double[]>(count);
        for (var i = 0; i < count; i++)
        {
            progress.Report(i);
            var model = train(seed.For("seed", i));
            work.Stop.ThrowIfCancellationRequested();
            rows.Add(score(model));
            model.Module.Dispose();
        }

        return new(rows);
    }
}
