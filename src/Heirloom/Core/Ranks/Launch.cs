using System.Globalization;

namespace Heirloom.Core.Ranks;

/// <summary>What the program that started this process says of its place: <c>mpirun</c> (Open MPI) tells processes of each other in variables of its own.</summary>
/// <param name="Rank">Among all.</param>
/// <param name="Count">Of all.</param>
/// <param name="LocalRank">Among those on this machine.</param>
/// <param name="LocalCount">Of those on this machine.</param>
public sealed record Launch(int Rank, int Count, int LocalRank, int LocalCount)
{
    /// <summary>Null where nobody started several.</summary>
    public static Launch? OfProcess() =>
        Number("OMPI_COMM_WORLD_SIZE") is { } count and > 1 && Number("OMPI_COMM_WORLD_RANK") is { } rank
            ? new(rank, count, Number("OMPI_COMM_WORLD_LOCAL_RANK") ?? 0, Number("OMPI_COMM_WORLD_LOCAL_SIZE") ?? 1)
            : null;

    private static int? Number(string name) =>
        int.TryParse(Places.Variable(name), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : null;
}
