using static TorchSharp.torch;

namespace Heirloom.Data;

/// <summary>Cuts sets of images to classes, parts and sizes. What they return is new and the caller's; the source stays as it is.</summary>
public static class ImageSelection
{
    /// <summary>The images of some classes, relabelled 0, 1, … in the order given.</summary>
    public static LabeledImages OfClasses(this LabeledImages images, IReadOnlyList<int> classes)
    {
        var labels = images.Labels.data<long>().ToArray();
        var place = classes.Index().ToDictionary(c => (long)c.Item, c => (long)c.Index);
        var rows = Enumerable.Range(0, labels.Length).Where(i => place.ContainsKey(labels[i])).ToList();
        return Select(images, rows, rows.Select(i => place[labels[i]]), [.. classes.Select(c => images.Classes[c])]);
    }

    /// <summary>Two disjoint random parts with at most so many images of each class; a class with fewer is shared out in proportion.</summary>
    /// <param name="images">The source.</param>
    /// <param name="first">Images a class of the first part.</param>
    /// <param name="second">Images a class of the second part.</param>
    /// <param name="seed">Which images.</param>
    public static (LabeledImages First, LabeledImages Second) Divide(this LabeledImages images, int first, int second, Seed seed)
    {
        var labels = images.Labels.data<long>().ToArray();
        var (left, right) = (new List<int>(), new List<int>());
        foreach (var rows in Enumerable.Range(0, labels.Length).GroupBy(i => labels[i]).OrderBy(g => g.Key).Select(g => g.ToArray()))
        {
            seed.For("class", labels[rows[0]]).Random().Shuffle<int>(rows);
            var here = Math.Min(first, (int)Math.Round((double)rows.Length * first / (first + second)));
            here = rows.Length >= first + second ? first : here;
            left.AddRange(rows.Take(here));
            right.AddRange(rows.Skip(here).Take(second));
        }

        return (Select(images, left, left.Select(i => labels[i]), images.Classes), Select(images, right, right.Select(i => labels[i]), images.Classes));
    }

    /// <summary>The same images as squares of another size (bilinear), and in grey (their mean) or in as many equal channels as asked.</summary>
    /// <exception cref="UserError">The number of channels can be neither merged nor repeated to what is asked.</exception>
    public static LabeledImages Fit(this LabeledImages images, int channels, int size)
    {
        using var scope = NewDisposeScope();
        var (from, pixels) = (images.Images.shape[1], images.Images);
        pixels = from == channels ? pixels
            : channels == 1 ? pixels.mean([1], keepdim: true)
            : from == 1 ? pixels.expand(-1, channels, -1, -1)
            : throw new UserError($"images have {from} channels and {channels} are wanted", mend: "use 1, or the number that they have");
        pixels = pixels.shape[2] == size && pixels.shape[3] == size
            ? pixels.clone()
            : nn.functional.interpolate(pixels, size: [size, size], mode: InterpolationMode.Bilinear, align_corners: false);
        return new(pixels.MoveToOuterDisposeScope(), images.Labels.clone().MoveToOuterDisposeScope(), images.Classes);
    }

    private static LabeledImages Select(LabeledImages images, List<int> rows, IEnumerable<long> labels, IReadOnlyList<string> classes)
    {
        using var at = tensor(rows.Select(r => (long)r).ToArray(), dtype: ScalarType.Int64);
        return new(images.Images.index_select(0, at), tensor(labels.ToArray(), dtype: ScalarType.Int64), classes);
    }
}
