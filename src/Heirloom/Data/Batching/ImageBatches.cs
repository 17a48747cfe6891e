using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Data.Batching;

/// <summary>How images are batched, normalized and lightly augmented.</summary>
public sealed record ImageBatchConfig : IExample<ImageBatchConfig>
{
    public static ImageBatchConfig Example => new() { BatchSize = 2 };

    /// <summary>Images a batch, B.</summary>
    [Range(1, 1 << 20)]
    public required int BatchSize { get; init; }

    /// <summary>Each epoch has its own order; off for scoring.</summary>
    public bool Shuffle { get; init; } = true;

    /// <summary>One a channel, on the scale 0 … 1; empty subtracts nothing.</summary>
    public ImmutableArray<double> Mean { get; init; } = [];

    /// <summary>One a channel, on the scale 0 … 1; empty divides by nothing.</summary>
    public ImmutableArray<double> Deviation { get; init; } = [];

    /// <summary>Each image is moved by up to so many pixels in both directions, black coming in; 0 moves none.</summary>
    [Range(0, 1 << 10)]
    public int Shift { get; init; }

    /// <summary>Half of the images are mirrored left to right.</summary>
    public bool Flip { get; init; }
}

/// <summary>Batches over images in memory; what is random about an image depends on its step and place alone.</summary>
public sealed class ImageBatches : IBatches<ImageBatch>
{
    private readonly Tensor _images;
    private readonly Tensor _labels;
    private readonly ImageBatchConfig _config;
    private readonly ExampleBatches<int, ImageBatch> _batches;

    /// <param name="images"><c>[N, C, H, W]</c>, uint8 (scaled to 0 … 1) or float; stays the caller's.</param>
    /// <param name="labels"><c>[N]</c> int64; stays the caller's.</param>
    /// <param name="config">Sizes and augmentation.</param>
    /// <param name="seed">Decides orders and augmentation.</param>
    /// <exception cref="UserError">Shapes, or means and deviations, that do not fit.</exception>
    public ImageBatches(Tensor images, Tensor labels, ImageBatchConfig config, Seed seed)
    {
        if (images.dim() != 4 || labels.dim() != 1 || images.shape[0] != labels.shape[0])
        {
            throw new UserError($"images [{string.Join(", ", images.shape)}] do not fit labels [{string.Join(", ", labels.shape)}]", mend: "give images [N, C, H, W] and labels [N]");
        }

        foreach (var (name, values) in new[] { ("mean", config.Mean), ("deviation", config.Deviation) })
        {
            if (!values.IsDefaultOrEmpty && values.Length != images.shape[1])
            {
                throw new UserError($"{values.Length} values for {images.shape[1]} channels", name, "give one a channel");
            }
        }

        (_images, _labels, _config) = (images, labels, config);
        var all = Enumerable.Range(0, (int)images.shape[0]).ToArray();
        var fingerprint = $"{Hash(images)} {Hash(labels)} {string.Join(' ', config.Mean)} / {string.Join(' ', config.Deviation)} {config.Shift} {config.Flip}";
        _batches = new(all, config.BatchSize, config.Shuffle, seed, Collate, fingerprint);
        Fingerprint = Hashes.OfText($"{_batches.Fingerprint} {seed.Value}");
    }

    public string Fingerprint { get; }

    public long? StepsPerEpoch => _batches.StepsPerEpoch;

    public ImageBatch At(long step) => _batches.At(step);

    private ImageBatch Collate(IReadOnlyList<int> indices, Seed seed)
    {
        using var scope = NewDisposeScope();
        var rows = tensor(indices.Select(i => (long)i).ToArray(), dtype: ScalarType.Int64);
        var images_BCHW = _images.index_select(0, rows);
        images_BCHW = images_BCHW.dtype == ScalarType.Byte ? images_BCHW.to(ScalarType.Float32) / 255 : images_BCHW.to(ScalarType.Float32);
        images_BCHW = Augment(images_BCHW, seed.Random());
        if (!_config.Mean.IsDefaultOrEmpty)
        {
            images_BCHW = images_BCHW - PerChannel(_config.Mean);
        }

        if (!_config.Deviation.IsDefaultOrEmpty)
        {
            images_BCHW = images_BCHW / PerChannel(_config.Deviation);
        }

        return new(images_BCHW.MoveToOuterDisposeScope(), _labels.index_select(0, rows).MoveToOuterDisposeScope());
    }

    private Tensor Augment(Tensor images_BCHW, Rng random)
    {
        if (_config.Shift == 0 && !_config.Flip)
        {
            return images_BCHW;
        }

        var (height, width, shift) = (images_BCHW.shape[2], images_BCHW.shape[3], _config.Shift);
        var padded = shift == 0 ? images_BCHW : nn.functional.pad(images_BCHW, [shift, shift, shift, shift], PaddingModes.Constant, 0);
        var moved = new Tensor[images_BCHW.shape[0]];
        for (var i = 0; i < moved.Length; i++)
        {
            var image = padded[i].narrow(1, random.Next((2 * shift) + 1), height).narrow(2, random.Next((2 * shift) + 1), width);
            moved[i] = _config.Flip && random.Next(2) == 1 ? image.flip(2) : image;
        }

        return stack(moved);
    }

    private static Tensor PerChannel(ImmutableArray<double> values) => tensor(values.ToArray(), dtype: ScalarType.Float32).view(1, -1, 1, 1);

    private static string Hash(Tensor tensor)
    {
        using var scope = NewDisposeScope();
        return Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(tensor.contiguous().bytes)));
    }
}
