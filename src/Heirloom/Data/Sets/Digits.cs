using Heirloom.Data.Formats;

namespace Heirloom.Data.Sets;

/// <summary>Optical recognition of handwritten digits (Alpaydin and Kaynak 1998), the test part.</summary>
public sealed class Digits : ImageDataSet
{
    private const int Pixels = 64;

    public override string Name => "digits";

    public override string Title => "Handwritten digits, 8 by 8";

    public override string Description => "1,797 handwritten digits of 8 by 8 pixels with 17 grey levels: image classification in seconds.";

    public override string License => "BSD-3-Clause as declared by the package";

    public override string Caution => "The UCI repository gives the data under CC BY 4.0: name it where results are published.";

    public override Package Package { get; } =
        Package.Debian("python3-sklearn", "1.2.1+dfsg-1", 2_102_964, "ca0c6be401d14871c7e93cfdd8d1f561595dc65e6e2ad2501d568aee7f7efc58");

    public override string Root => "usr/lib/python3/dist-packages/sklearn/datasets/data";

    public override IReadOnlyList<string> Files => ["digits.csv.gz"];

    public override string Content => "bca8ba169c2ec1e413e17b47bbc7f19251c38f1d908d3a2c85daf32e0398f59e";

    public override int Count => 1797;

    public override IReadOnlyList<string> Classes { get; } = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

    public override LabeledImages Read(string folder, string? split)
    {
        var pixels = new List<byte>();
        var labels = new List<long>();
        using var reader = new StreamReader(Compressed.Open(Path.Combine(folder, "digits.csv.gz")));
        while (reader.ReadLine() is { } line)
        {
            var cells = line.Split(',');
            pixels.AddRange(cells[..Pixels].Select(byte.Parse));
            labels.Add(long.Parse(cells[Pixels]));
        }

        return LabeledImages.FromBytes([.. pixels], [.. labels], (1, 8, 8), 16, Classes);
    }
}
