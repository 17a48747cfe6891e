using static TorchSharp.torch;

namespace Heirloom.Data;

/// <summary>Images with the texts that describe them, row by row.</summary>
/// <param name="Images"><c>[B, C, H, W]</c> float32, normalized.</param>
/// <param name="Ids"><c>[B, T]</c> int64.</param>
/// <param name="Mask"><c>[B, T]</c> bool, true on real tokens; null when nothing is padded.</param>
public sealed record ImageTextBatch(Tensor Images, Tensor Ids, Tensor? Mask = null) : IBatch<ImageTextBatch>
{
    public long Count => Images.shape[0];

    public IEnumerable<Tensor> Tensors => new[] { Images, Ids, Mask }.OfType<Tensor>();

    public ImageTextBatch To(Device device) => new(Images.to(device), Ids.to(device), Mask?.to(device));

    public ImageTextBatch Rows(long start, long count) => new(Images.narrow(0, start, count), Ids.narrow(0, start, count), Mask?.narrow(0, start, count));
}
