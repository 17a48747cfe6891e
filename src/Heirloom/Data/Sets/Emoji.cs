using System.Text.Json;
using SkiaSharp;

namespace Heirloom.Data.Sets;

/// <summary>Small coloured pictures with categories.</summary>
public sealed class Emoji : ImageDataSet
{
    private const int Side = 64;
    private const int Cell = Side + 2; // a picture stands in the sheet with one empty pixel around it

    public override string Name => "emoji";

    public override string Title => "Emoji pictures";

    public override string Description => "3,786 coloured pictures of 64 by 64 pixels on white, in the 10 categories of Unicode: image models, self-supervision.";

    public override string License => "MIT as declared by the package";

    public override string Caution => "The drawings (Twemoji) are CC BY 4.0: name them where they are shown.";

    public override Package Package { get; } =
        Package.Npm("emoji-datasource-twitter", "16.0.0", 61_683_754, "f64a530c63bca463bd8317fdc4615ce63a53a0c65018e4ce2d848aaba7a28877");

    public override IReadOnlyList<string> Files => ["emoji.json", "img/twitter/sheets/64.png"];

    public override string Content => "40c86c1554cb6adbe810b707da02a2be7bef2b786e8bea53e1851e0416547d94";

    public override int Count => 3786;

    public override IReadOnlyList<string> Classes { get; } =
    [
        "Activities", "Animals & Nature", "Component", "Flags", "Food & Drink", "Objects", "People & Body", "Smileys & Emotion", "Symbols", "Travel & Places",
    ];

    public override LabeledImages Read(string folder, string? split)
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "emoji.json")));
        var cells = json.RootElement.EnumerateArray().SelectMany(Variants).ToList();
        using var sheet = SKBitmap.Decode(Path.Combine(folder, "img", "twitter", "sheets", "64.png"));
        var pixels = new byte[cells.Count * 3 * Side * Side];
        var labels = new long[cells.Count];
        var at = 0;
        for (var i = 0; i < cells.Count; i++)
        {
            labels[i] = Classes.Index().First(c => c.Item == cells[i].Category).Index;
            for (var channel = 0; channel < 3; channel++)
            {
                for (var y = 0; y < Side; y++)
                {
                    for (var x = 0; x < Side; x++)
                    {
                        pixels[at++] = OnWhite(sheet.GetPixel((cells[i].X * Cell) + 1 + x, (cells[i].Y * Cell) + 1 + y), channel);
                    }
                }
            }
        }

        return LabeledImages.FromBytes(pixels, labels, (3, Side, Side), 255, Classes);
    }

    /// <summary>A picture's place in the sheet, and those of its skin tones.</summary>
    private static IEnumerable<(string Category, int X, int Y)> Variants(JsonElement emoji)
    {
        var category = emoji.GetProperty("category").GetString()!;
        yield return Place(emoji);
        if (emoji.TryGetProperty("skin_variations", out var tones))
        {
            foreach (var tone in tones.EnumerateObject())
            {
                yield return Place(tone.Value);
            }
        }

        (string, int, int) Place(JsonElement e) => (category, e.GetProperty("sheet_x").GetInt32(), e.GetProperty("sheet_y").GetInt32());
    }

    private static byte OnWhite(SKColor color, int channel)
    {
        var value = channel switch { 0 => color.Red, 1 => color.Green, _ => color.Blue };
        return (byte)(((value * color.Alpha) + (255 * (255 - color.Alpha)) + 127) / 255);
    }
}
