using Heirloom.Data.Formats;

namespace Heirloom.Data.Sets;

/// <summary>Fashion-MNIST (Xiao, Rasul and Vollgraf 2017).</summary>
public sealed class FashionMnist : ImageDataSet
{
    public override string Name => "fashion-mnist";

    public override string Title => "Fashion-MNIST";

    public override string Description => "70,000 grey pictures of clothes, 28 by 28 pixels, in 10 classes: image classification.";

    public override string License => "MIT";

    public override Package Package { get; } = Package.Debian("dataset-fashion-mnist", "0.0~git20200523.55506a9-1", 30_900_652,
        "39e172fe32dd318ebb3e512220c3beea2fa47d7e20bab348fb4e0922d6beefc0");

    public override string Root => "usr/share/datasets/fashion-mnist";

    public override IReadOnlyList<string> Files => ["*-ubyte.gz"];

    public override string Content => "7b4f797ef586722fcc969ecc2c011c728ef7d829a552067686fc8d9339cf2c72";

    public override int Count => 70_000;

    public override IReadOnlyList<string> Splits => ["train", "test"];

    public override IReadOnlyList<string> Classes { get; } =
        ["t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"];

    public override LabeledImages Read(string folder, string? split)
    {
        var pixels = new List<byte[]>();
        var labels = new List<byte[]>();
        foreach (var part in split is null ? Splits : [split])
        {
            var name = part == "train" ? "train" : "t10k";
            pixels.Add(Idx.Read(Path.Combine(folder, $"{name}-images-idx3-ubyte.gz")).Values);
            labels.Add(Idx.Read(Path.Combine(folder, $"{name}-labels-idx1-ubyte.gz")).Values);
        }

        return LabeledImages.FromBytes([.. pixels.SelectMany(p => p)], [.. labels.SelectMany(l => l).Select(l => (long)l)], (1, 28, 28), 255, Classes);
    }
}
