using static TorchSharp.torch;

namespace Heirloom.Objectives;

/// <summary>Which patches of a batch of images are hidden: as many in every row, drawn evenly; at least one is hidden and at least one is seen.</summary>
/// <param name="Visible"><c>[B, K]</c> int64, ascending: those that are seen.</param>
/// <param name="Hidden"><c>[B, N]</c>, true where a patch is hidden.</param>
internal sealed record HiddenPatches(Tensor Visible, Tensor Hidden)
{
    /// <param name="rows">B.</param>
    /// <param name="patches">N, at least two.</param>
    /// <param name="share">Share of patches that are hidden.</param>
    /// <param name="seed">A row's draw depends on it and on the row's number alone.</param>
    /// <param name="device">Where the images are.</param>
    public static HiddenPatches Draw(long rows, int patches, double share, Seed seed, Device device)
    {
        var seen = Math.Clamp(patches - (int)Math.Round(patches * share), 1, Math.Max(1, patches - 1));
        var visible = new long[rows * seen];
        var hidden = new bool[rows * patches];
        Array.Fill(hidden, true);
        for (var row = 0; row < rows; row++)
        {
            var order = Enumerable.Range(0, patches).Select(i => (long)i).ToArray();
            seed.For("row", row).Random().Shuffle<long>(order);
            Array.Sort(order, 0, seen);
            order.AsSpan(0, seen).CopyTo(visible.AsSpan(row * seen));
            foreach (var place in order.AsSpan(0, seen))
            {
                hidden[(row * patches) + place] = false;
            }
        }

        return new(tensor(visible, [rows, seen], device: device), tensor(hidden, [rows, patches], device: device));
    }
}
