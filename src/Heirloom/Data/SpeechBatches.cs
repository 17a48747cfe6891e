using static TorchSharp.torch;

namespace Heirloom.Data;

/// <summary>Recordings without words.</summary>
/// <param name="Samples"><c>[B, S]</c> float32.</param>
/// <param name="Mask"><c>[B, S]</c> bool, true on real samples, which come first; null when nothing is padded.</param>
public sealed record AudioBatch(Tensor Samples, Tensor? Mask = null) : IBatch<AudioBatch>
{
    public static string Unit => "samples";

    public long Count => Samples.shape[0];

    public IEnumerable<Tensor> Tensors => new[] { Samples, Mask }.OfType<Tensor>();

    public long Units => Samples.numel();

    public AudioBatch To(Device device) => new(Samples.to(device), Mask?.to(device));

    public AudioBatch Rows(long start, long count) => new(Samples.narrow(0, start, count), Mask?.narrow(0, start, count));
}

/// <summary>Recordings with what is said in them, or with one label each.</summary>
/// <param name="Samples"><c>[B, S]</c> float32.</param>
/// <param name="Mask"><c>[B, S]</c> bool, true on real samples, which come first; null when nothing is padded.</param>
/// <param name="Labels">A transcript's symbols, <c>[B, N]</c> int64, <see cref="TokenBatch.Ignore"/> past its end; or classes, <c>[B]</c> int64.</param>
public sealed record LabeledAudioBatch(Tensor Samples, Tensor? Mask, Tensor Labels) : IBatch<LabeledAudioBatch>
{
    public static string Unit => "samples";

    public long Count => Samples.shape[0];

    public IEnumerable<Tensor> Tensors => new[] { Samples, Mask, Labels }.OfType<Tensor>();

    public long Units => Samples.numel();

    public LabeledAudioBatch To(Device device) => new(Samples.to(device), Mask?.to(device), Labels.to(device));

    public LabeledAudioBatch Rows(long start, long count) => new(Samples.narrow(0, start, count), Mask?.narrow(0, start, count), Labels.narrow(0, start, count));
}
