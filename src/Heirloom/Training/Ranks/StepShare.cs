namespace Heirloom.Training.Ranks;

/// <summary>
/// Which of a step's batches a rank computes. With at least as many batches to a step (<see cref="TrainingConfig.Accumulate"/>) as ranks, each takes whole
/// ones, which no other reads, and draws for them what one rank alone would; with fewer, each takes a share of the rows of every one.
/// </summary>
internal static class StepShare
{
    /// <summary>Numbers of the batches within the step, with the part of each; the batch's index is left to the caller.</summary>
    public static IEnumerable<(int Micro, int Share, int Shares)> Of(int batches, int rank, int ranks) => batches < ranks
        ? Enumerable.Range(0, batches).Select(micro => (micro, rank, ranks))
        : Enumerable.Range(0, batches).Where(micro => micro % ranks == rank).Select(micro => (micro, 0, 1));
}
