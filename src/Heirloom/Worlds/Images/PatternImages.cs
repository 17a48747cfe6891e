using System.ComponentModel.DataAnnotations;
using Heirloom.Data;

namespace Heirloom.Worlds.Images;

/// <summary>What a generated image shows.</summary>
public enum Pattern
{
    /// <summary>A sine wave over the whole image; classes differ by its orientation.</summary>
    Gratings,

    /// <summary>A bright flower on dark ground; classes differ by the number of petals (1, 2, …).</summary>
    Flowers,
}

/// <summary>Settings of generated images.</summary>
public sealed record PatternImagesConfig
{
    public Pattern Pattern { get; init; }

    [Range(2, 1000)]
    public int Classes { get; init; } = 10;

    [Range(1, 1_000_000)]
    public int PerClass { get; init; } = 100;

    /// <summary>Height and width in pixels.</summary>
    [Range(4, 1024)]
    public int Size { get; init; } = 28;

    /// <summary>Standard deviation of independent noise on each pixel, whose range is 0 … 1.</summary>
    [Range(0.0, 10.0)]
    public double Noise { get; init; } = 0.1;
}

/// <summary>Grey images whose classes are known by construction, with random phase, place, scale and noise: classification without a download.</summary>
public static class PatternImages
{
    /// <summary>Draws the images, class by class; an image depends on its class and number alone.</summary>
    public static LabeledImages Generate(PatternImagesConfig config, Seed seed)
    {
        var pixels = new byte[config.Classes * config.PerClass * config.Size * config.Size];
        var labels = new long[config.Classes * config.PerClass];
        var at = 0;
        for (var label = 0; label < config.Classes; label++)
        {
            for (var i = 0; i < config.PerClass; i++)
            {
                labels[(label * config.PerClass) + i] = label;
                var random = seed.For($"{config.Pattern}/{label}", i).Random();
                var brightness = config.Pattern == Pattern.Gratings ? Grating(Math.PI * label / config.Classes, random) : Flower(label + 1, random);
                for (var pixel = 0; pixel < config.Size * config.Size; pixel++)
                {
                    var (x, y) = (Place(pixel % config.Size), Place(pixel / config.Size));
                    var value = brightness(x, y) + (config.Noise * random.NextGaussian());
                    pixels[at++] = (byte)Math.Round(255 * Math.Clamp(value, 0, 1));
                }
            }
        }

        return LabeledImages.FromBytes(pixels, labels, (1, config.Size, config.Size), 255, [.. Enumerable.Range(0, config.Classes).Select(c => $"{config.Pattern} {c}")]);

        double Place(int index) => ((index + 0.5) / config.Size * 2) - 1;
    }

    private static Func<double, double, double> Grating(double angle, Rng random)
    {
        var (phase, frequency) = (2 * Math.PI * random.NextDouble(), Math.PI * (2 + random.NextDouble()));
        var (dx, dy) = (frequency * Math.Cos(angle), frequency * Math.Sin(angle));
        return (x, y) => 0.5 + (0.5 * Math.Sin((dx * x) + (dy * y) + phase));
    }

    private static Func<double, double, double> Flower(int petals, Rng random)
    {
        var (left, up) = (0.3 * (random.NextDouble() - 0.5), 0.3 * (random.NextDouble() - 0.5));
        var (radius, turn) = (0.45 + (0.2 * random.NextDouble()), 2 * Math.PI * random.NextDouble());
        return (x, y) =>
        {
            var edge = radius * (1 + (0.4 * Math.Cos((petals * Math.Atan2(y - up, x - left)) + turn)));
            return Math.Sqrt(((x - left) * (x - left)) + ((y - up) * (y - up))) < edge ? 0.9 : 0.1;
        };
    }
}
