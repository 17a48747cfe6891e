using Heirloom.Bench.Stock;
using Heirloom.Bench.Training;
using Heirloom.Data;
using Heirloom.Models;
using Heirloom.Models.Vision;
using Heirloom.Objectives;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Heirloom.Bench.Jobs;

/// <summary>Training a ViT on 32 images of 32 × 32 in 3 colors: patches of 4 × 4, 6 layers × 256, 4 heads, 10 classes.</summary>
internal sealed class TrainVit : ISides
{
    private const int Image = 32, Patch = 4, Channels = 3, Width = 256, Layers = 6, Heads = 4, Classes = 10, Rows = 32, Positions = 1 + (Image / Patch * (Image / Patch));

    public static string Name => "train-vit";

    public static IEnumerable<Comparison> Run(BenchOptions options) => [Sides.Compare<TrainVit>(
        options,
        "images/s",
        (Positions * ((Layers * (Flops.Block(Width) + Flops.Attention(Width, Positions))) + Flops.Matrix(Channels * Patch * Patch, Width))) + Flops.Matrix(Width, Classes))];

    public static void Serve(string side, Turns turns)
    {
        ImageBatch[] batches = [.. Enumerable.Range(0, 8).Select(i => Draw(new Seed(7).For("images", i)))];
        if (side == Comparison.Ours)
        {
            using var model = VisionTransformerConfig.Vit(Image, Patch, Channels, Width, Layers, Heads, classes: Classes).Build(new(1));
            Sides.Ours<IClassifier<Tensor>, ImageBatch>(turns, model, ImageClassification.Objective(), batches);
            return;
        }

        using var stock = new StockVit(Image, Patch, Channels, Width, Layers, Heads, Classes);
        Sides.Stock(turns, stock, step => F.cross_entropy(stock.call(batches[step % batches.Length].Images), batches[step % batches.Length].Labels), Rows);
    }

    private static ImageBatch Draw(Seed seed)
    {
        using var generator = seed.Generator();
        return new(randn([Rows, Channels, Image, Image], generator: generator), randint(0, Classes, [Rows], ScalarType.Int64, generator: generator));
    }
}
