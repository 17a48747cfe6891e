using Heirloom.Data.Formats;

namespace Heirloom.Data.Sets;

/// <summary>A sample of the fine-food reviews of McAuley and Leskovec (2013).</summary>
public sealed class FoodReviews : TextDataSet
{
    public override string Name => "food-reviews";

    public override string Title => "Reviews of fine foods";

    public override string Description => "5,000 product reviews in everyday English, each labelled great (five stars) or other: sentiment classification.";

    public override string License => "MIT as declared by the package";

    public override string Caution => "The reviews were collected from a shop's site; the package's licence cannot give more than the collectors had. Use them to test.";

    public override Package Package { get; } =
        Package.Debian("r-cran-modeldata", "1.1.0-1", 4_253_384, "66c2e08bb4bf695d972b1e72ea44d5af9ada3c42841793d3871017f7b896bf95");

    public override string Root => "usr/lib/R/site-library/modeldata/data";

    public override IReadOnlyList<string> Files => ["Rdata.rdx", "Rdata.rdb"];

    public override string Content => "e6403fef885b47df94ed1cb7fa3f336ede275d81d9d5430430715eb4671df4e6";

    public override int Count => 5000;

    public override IReadOnlyList<string> Splits => ["train", "test"];

    public override IReadOnlyList<string> Fields => ["label", "product", "split"];

    public override IEnumerable<Document> Read(string folder)
    {
        foreach (var (split, value) in new[] { ("train", "training_data"), ("test", "testing_data") })
        {
            var index = Path.Combine(folder, "Rdata.rdx");
            var frame = new RFrame(RFile.ReadLazy(index, value), $"{index} ({value})");
            var (texts, labels, products) = (frame.Text("review"), frame.Text("score"), frame.Text("product"));
            for (var i = 0; i < frame.Rows; i++)
            {
                yield return new($"{split}-{i + 1}", texts[i]!)
                {
                    Fields = new Dictionary<string, string> { ["label"] = labels[i]!, ["product"] = products[i]!, ["split"] = split },
                };
            }
        }
    }
}
